import type { InboxView } from "@chorus/sdk";
import { Bookmark, Users, X } from "lucide-react";
import { type SavedView, useForgetView, useSavedViews } from "../../shared/api/desk";
import { cx } from "../../shared/ui/class";
import { useWords } from "../../shared/words/words";
import { type Arrangement, filterOf, narrowingOf } from "./order";

interface SavedViewsProps {
  readonly view: InboxView;
  readonly arrangement: Arrangement;
  readonly onOpen: (view: InboxView, arrangement: Arrangement) => void;
}

/** Views that somebody gave a name, with how many stand in each. */
export function SavedViews({ view, arrangement, onOpen }: SavedViewsProps) {
  const { t } = useWords();
  const saved = useSavedViews().data ?? [];
  const forget = useForgetView();
  const open = spelled(view, arrangement);
  if (saved.length === 0) return null;
  return (
    <nav aria-label={t("savedViews")} className="flex max-h-32 flex-col overflow-y-auto px-2 pb-2">
      {saved.map((one) => {
        const wanted = arrangementOf(one);
        const isOpen = spelled(one.filter.view, wanted) === open;
        const Sign = one.shared ? Users : Bookmark;
        return (
          <div
            key={one.id}
            className={cx("group flex items-center rounded-md", isOpen && "bg-accent-soft")}
          >
            <button
              type="button"
              aria-current={isOpen ? "page" : undefined}
              className={cx(
                "flex h-7 min-w-0 flex-1 cursor-pointer items-center gap-2 rounded-md px-2 text-[13px]",
                isOpen
                  ? "font-semibold text-accent-text"
                  : "text-muted hover:bg-hover hover:text-ink",
              )}
              onClick={() => onOpen(one.filter.view, wanted)}
            >
              <Sign className="size-3.5 shrink-0" aria-hidden="true" />
              <span className="flex-1 truncate text-start" dir="auto">
                {one.name}
              </span>
              <span className="text-xs tabular-nums">
                {one.count > 999 ? "999+" : one.count || ""}
              </span>
            </button>
            {isOpen && !one.shared && (
              <button
                type="button"
                aria-label={t("forgetView", { name: one.name })}
                title={t("forgetView", { name: one.name })}
                className="cursor-pointer rounded p-1 text-muted hover:text-danger"
                onClick={() => forget.mutate(one.id)}
              >
                <X className="size-3.5" aria-hidden="true" />
              </button>
            )}
          </div>
        );
      })}
    </nav>
  );
}

function arrangementOf({ filter, sort }: SavedView): Arrangement {
  return { ...narrowingOf(filter), sort: sort ?? "latest" };
}

function spelled(view: InboxView, { sort, ...narrowing }: Arrangement): string {
  const filter = Object.entries(filterOf(narrowing)).sort(([a], [b]) => (a < b ? -1 : 1));
  return JSON.stringify([view, sort, filter]);
}
