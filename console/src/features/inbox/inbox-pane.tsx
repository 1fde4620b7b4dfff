import type { InboxView } from "@chorus/sdk";
import { useVirtualizer } from "@tanstack/react-virtual";
import { ArrowUp, Inbox as InboxIcon } from "lucide-react";
import { useEffect, useMemo, useRef } from "react";
import { useNames } from "../../shared/api/queries";
import { useActions } from "../../shared/keys/use-keys";
import { useNow } from "../../shared/live/hooks";
import { useSession } from "../../shared/live/session";
import { useSettings } from "../../shared/settings/settings";
import { Empty } from "../../shared/ui/empty";
import { useWords } from "../../shared/words/words";
import { Narrow } from "./narrow";
import { type Arrangement, neighbour } from "./order";
import { Row } from "./row";
import { SavedViews } from "./saved-views";
import { type List, useList } from "./use-list";
import { Views } from "./views";

export interface InboxPaneProps {
  readonly view: InboxView;
  readonly conv: string | undefined;
  readonly arrangement: Arrangement;
  readonly hrefOf: (view: InboxView, conv?: string) => string;
  readonly onView: (view: InboxView) => void;
  readonly onSelect: (conv: string) => void;
  readonly onNarrow: (view: InboxView, arrangement: Arrangement) => void;
}

/** The views, and the conversations of the one that is open. */
export function InboxPane(props: InboxPaneProps) {
  const { view, conv, arrangement, hrefOf, onView, onSelect, onNarrow } = props;
  const { t } = useWords();
  const list = useList(view, arrangement);
  useActions({
    next: () => step(list, conv, 1, onSelect),
    previous: () => step(list, conv, -1, onSelect),
  });
  return (
    <section
      aria-label={t("conversations")}
      className="flex w-80 shrink-0 flex-col border-e border-line bg-surface max-[900px]:w-64 max-[700px]:w-full"
    >
      <header className="flex h-14 shrink-0 items-center justify-between gap-2 ps-4 pe-2">
        <h1 className="text-base font-semibold">{t("inbox")}</h1>
        <Narrow
          view={view}
          arrangement={arrangement}
          queues={list.inbox?.queues ?? {}}
          onNarrow={(next) => onNarrow(view, next)}
        />
      </header>
      <Views
        view={view}
        counts={list.inbox?.counts ?? {}}
        hrefOf={(one) => hrefOf(one)}
        onView={onView}
      />
      <SavedViews view={view} arrangement={arrangement} onOpen={onNarrow} />
      <div
        className="relative flex min-h-0 flex-1 flex-col border-t border-line"
        onPointerEnter={() => list.hold(true)}
        onPointerLeave={() => list.hold(false)}
      >
        {list.arrived > 0 && (
          <button
            type="button"
            onClick={list.refresh}
            data-arrived={list.arrived}
            className="absolute inset-x-0 top-2 z-10 mx-auto flex w-fit cursor-pointer items-center gap-1.5 rounded-full bg-accent px-3 py-1 text-xs font-semibold text-accent-ink shadow-pop"
          >
            <ArrowUp className="size-3.5" aria-hidden="true" />{" "}
            {t("arrived", { count: list.arrived })}
          </button>
        )}
        {list.inbox === undefined ? (
          <Skeleton />
        ) : list.order.length === 0 ? (
          <Empty icon={InboxIcon} title={t(`empty-${view}`)}>
            {t("emptyHint")}
          </Empty>
        ) : (
          <Rows list={list} conv={conv} hrefOf={(id) => hrefOf(view, id)} onSelect={onSelect} />
        )}
      </div>
    </section>
  );
}

function step(list: List, conv: string | undefined, by: 1 | -1, onSelect: (conv: string) => void) {
  const next = neighbour(list.order, conv, by);
  if (next !== undefined) onSelect(next);
}

interface RowsProps {
  readonly list: List;
  readonly conv: string | undefined;
  readonly hrefOf: (conv: string) => string;
  readonly onSelect: (conv: string) => void;
}

const ROW_PX = { comfortable: 86, compact: 72 };

function Rows({ list, conv, hrefOf, onSelect }: RowsProps) {
  const { client } = useSession();
  const { t } = useWords();
  const nowMs = useNow(1_000);
  const names = useNames();
  const density = useSettings((settings) => settings.density);
  const scroller = useRef<HTMLDivElement>(null);
  const { order, inbox } = list;
  const virtual = useVirtualizer({
    count: order.length,
    getScrollElement: () => scroller.current,
    estimateSize: () => ROW_PX[density],
    getItemKey: (index) => order[index] ?? index,
    overscan: 8,
  });
  // biome-ignore lint/correctness/useExhaustiveDependencies: rows of another height are measured anew.
  useEffect(() => virtual.measure(), [density]);
  useKeepInSight(virtual, order, conv);
  const drawn = virtual.getVirtualItems();
  const isNearEnd = (drawn.at(-1)?.index ?? 0) >= order.length - 10;
  useEffect(() => {
    if (isNearEnd && inbox?.next != null) void client.more().catch(() => undefined);
  }, [client, inbox, isNearEnd]);
  return (
    <div ref={scroller} className="min-h-0 flex-1 overflow-y-auto">
      <ul
        aria-label={t("conversations")}
        className="relative"
        style={{ height: virtual.getTotalSize() }}
      >
        {drawn.map(({ index, key, start, size }) => {
          const row = list.row(order[index] ?? "");
          return row === undefined ? null : (
            <li
              key={key}
              aria-setsize={order.length}
              aria-posinset={index + 1}
              className="absolute inset-x-0 top-0 border-b border-line"
              style={{ height: size, transform: `translateY(${start}px)` }}
            >
              <Row
                row={row}
                href={hrefOf(row.conv)}
                nowMs={nowMs}
                isSelected={row.conv === conv}
                isCurrent={list.isCurrent(row.conv)}
                assignee={row.assignee === undefined ? undefined : names.get(row.assignee)}
                onSelect={onSelect}
              />
            </li>
          );
        })}
      </ul>
    </div>
  );
}

/** Whoever walks through the list by keys sees where they are. */
function useKeepInSight(
  virtual: { scrollToIndex(index: number, options: { align: "auto" }): void },
  order: readonly string[],
  conv: string | undefined,
): void {
  const at = useMemo(() => (conv === undefined ? -1 : order.indexOf(conv)), [order, conv]);
  // biome-ignore lint/correctness/useExhaustiveDependencies: only another choice moves the list.
  useEffect(() => {
    if (at >= 0) virtual.scrollToIndex(at, { align: "auto" });
  }, [conv]);
}

function Skeleton() {
  const { t } = useWords();
  return (
    <div role="status" className="p-3">
      <span className="sr-only">{t("loadingList")}</span>
      {[0, 1, 2, 3, 4, 5].map((row) => (
        <div key={row} className="skeleton mb-3 flex gap-3">
          <span className="size-9 rounded-full bg-sunken" />
          <span className="flex flex-1 flex-col gap-2 pt-1">
            <span className="h-3 w-2/5 rounded bg-sunken" />
            <span className="h-3 w-4/5 rounded bg-sunken" />
          </span>
        </div>
      ))}
    </div>
  );
}
