import type { InboxView } from "@chorus/sdk";
import { cx } from "../../shared/ui/class";
import { useWords } from "../../shared/words/words";

export const VIEWS = ["queue", "mine", "all", "mentions", "snoozed", "bot"] as const;

interface ViewsProps {
  readonly view: InboxView;
  readonly counts: Readonly<Record<string, number>>;
  readonly hrefOf: (view: InboxView) => string;
  readonly onView: (view: InboxView) => void;
}

/** The six views, with how many stand in each. */
export function Views({ view, counts, hrefOf, onView }: ViewsProps) {
  const { t } = useWords();
  return (
    <nav aria-label={t("views")} className="grid grid-cols-3 gap-1 px-2 pb-2">
      {VIEWS.map((one) => (
        <a
          key={one}
          href={hrefOf(one)}
          aria-current={one === view ? "page" : undefined}
          data-view={one}
          onClick={(event) => {
            if (event.metaKey || event.ctrlKey || event.shiftKey) return;
            event.preventDefault();
            onView(one);
          }}
          className={cx(
            "flex h-8 items-center justify-between gap-1 rounded-md px-2 text-[13px]",
            one === view
              ? "bg-accent-soft font-semibold text-accent-text"
              : "text-muted hover:bg-hover hover:text-ink",
          )}
        >
          <span className="truncate">{t(`view-${one}`)}</span>
          <Count of={counts[one]} />
        </a>
      ))}
    </nav>
  );
}

function Count({ of }: { readonly of: number | undefined }) {
  if (of === undefined || of === 0) return null;
  return <span className="text-xs font-medium tabular-nums">{of > 999 ? "999+" : of}</span>;
}
