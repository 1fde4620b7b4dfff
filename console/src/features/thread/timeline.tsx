import type { ConversationView, PendingMessage } from "@chorus/sdk";
import { useVirtualizer } from "@tanstack/react-virtual";
import { ArrowDown } from "lucide-react";
import {
  type RefObject,
  use,
  useCallback,
  useEffect,
  useLayoutEffect,
  useMemo,
  useRef,
  useState,
} from "react";
import { useSession } from "../../shared/live/session";
import { Button } from "../../shared/ui/button";
import { useWords } from "../../shared/words/words";
import { LookingOn } from "./looking-on";
import { rowsOf } from "./rows";
import { TimelineRow } from "./timeline-row";
import { TypingLine } from "./typing-line";
import { type TimelineWindow, useTimeline } from "./use-timeline";

interface TimelineProps {
  readonly view: ConversationView;
  readonly customer: string;
  readonly names: ReadonlyMap<string, string>;
  /** A place that a link names. */
  readonly anchor: number | undefined;
  readonly onAnchor: (seq: number | undefined) => void;
  readonly onEdit: (body: PendingMessage["body"]) => void;
}

const NEAR_PX = 80;
const ESTIMATED_ROW_PX = 64;

export function Timeline({ view, customer, names, anchor, onAnchor, onEdit }: TimelineProps) {
  const { t } = useWords();
  const log = useRef<HTMLDivElement>(null);
  const range = useTimeline(view, anchor);
  const newFrom = useNewFrom(view);
  const { items, isLive, hasOlder, hasNewer, isLoading, older } = range;
  const pending = isLive ? view.pending : NONE;
  const rows = useMemo(
    () => rowsOf({ items, pending, newFrom, self: view.self }),
    [items, pending, newFrom, view.self],
  );
  const virtual = useVirtualizer({
    count: rows.length,
    getScrollElement: () => log.current,
    estimateSize: () => ESTIMATED_ROW_PX,
    getItemKey: (index) => rows[index]?.key ?? index,
    overscan: 12,
    anchorTo: "end",
    followOnAppend: true,
    scrollEndThreshold: NEAR_PX,
    paddingStart: 16,
    paddingEnd: 12,
  });
  const isOpened = useOpening(virtual, rows, anchor);
  const { isAtEnd, onScroll } = useScroll(log, range, isOpened);
  const isLookingOn = use(LookingOn);
  useReading(view, isAtEnd && isLive && !isLookingOn);
  const toEnd = () => {
    onAnchor(undefined);
    virtual.scrollToEnd();
  };
  return (
    <div className="relative min-h-0 flex-1">
      <div
        ref={log}
        role="log"
        aria-live="off"
        aria-label={t("messages")}
        // biome-ignore lint/a11y/noNoninteractiveTabindex: a scroll region must be reachable by keyboard.
        tabIndex={0}
        className="h-full overflow-y-auto outline-offset-[-3px]"
        onScroll={onScroll}
      >
        {hasOlder && <Older isLoading={isLoading} onClick={older} />}
        <div className="relative" style={{ height: virtual.getTotalSize() }}>
          {virtual.getVirtualItems().map(({ index, key, start }) => {
            const row = rows[index];
            return row === undefined ? null : (
              <div
                key={key}
                ref={virtual.measureElement}
                data-index={index}
                className="absolute inset-x-0 top-0 px-5"
                style={{ transform: `translateY(${start}px)` }}
              >
                <TimelineRow
                  row={row}
                  view={view}
                  customer={customer}
                  names={names}
                  isAnchor={row.kind === "message" && row.message.seq === anchor}
                  onAnchor={onAnchor}
                  onEdit={onEdit}
                />
              </div>
            );
          })}
        </div>
      </div>
      <TypingLine view={view} customer={customer} names={names} />
      {(!isAtEnd || hasNewer) && (
        <Button className="absolute end-5 bottom-4 shadow-pop" size="small" onClick={toEnd}>
          <ArrowDown className="size-3.5" aria-hidden="true" /> {t("jump")}
        </Button>
      )}
    </div>
  );
}

const NONE = [] as const;
const LOAD_AHEAD_PX = 400;

/** Whether the newest is in sight; near either edge of what is loaded, more is. */
function useScroll(log: RefObject<HTMLElement | null>, range: TimelineWindow, isOpened: boolean) {
  const [isAtEnd, setIsAtEnd] = useState(true);
  const latest = useRef(range);
  latest.current = range;
  const onScroll = useCallback(() => {
    const { current } = log;
    const { hasOlder, hasNewer, isLoading, older, newer } = latest.current;
    if (current === null || !isOpened) return;
    const belowPx = current.scrollHeight - current.scrollTop - current.clientHeight;
    setIsAtEnd(belowPx < NEAR_PX);
    if (isLoading) return;
    if (current.scrollTop < LOAD_AHEAD_PX && hasOlder) older();
    if (belowPx < LOAD_AHEAD_PX && hasNewer) newer();
  }, [log, isOpened]);
  // Who waits at the edge gets the next page without moving.
  // biome-ignore lint/correctness/useExhaustiveDependencies: a page that has come is the reason to look.
  useEffect(() => {
    const frame = requestAnimationFrame(onScroll);
    return () => cancelAnimationFrame(frame);
  }, [onScroll, range.items.length, range.isLoading]);
  return { isAtEnd, onScroll };
}

function Older({ isLoading, onClick }: { isLoading: boolean; onClick: () => void }) {
  const { t } = useWords();
  return (
    <div className="flex justify-center pt-3">
      <Button look="quiet" size="small" disabled={isLoading} onClick={onClick}>
        {isLoading ? t("loading") : t("older")}
      </Button>
    </div>
  );
}

type Virtual = {
  scrollToIndex(index: number, options: { align: "center" | "end" }): void;
  scrollToEnd(): void;
};

/** Begin at the newest, or at the place that the link names. */
function useOpening(
  virtual: Virtual,
  rows: ReturnType<typeof rowsOf>,
  anchor: number | undefined,
): boolean {
  const [opened, setOpened] = useState<number | "end">();
  const at = rows.findIndex((row) => row.kind === "message" && row.message.seq === anchor);
  useLayoutEffect(() => {
    if (rows.length === 0) return;
    if (anchor !== undefined && at >= 0 && opened !== anchor) {
      virtual.scrollToIndex(at, { align: "center" });
      setOpened(anchor);
    } else if (opened === undefined && anchor === undefined) {
      virtual.scrollToEnd();
      setOpened("end");
    }
  }, [virtual, rows, at, anchor, opened]);
  return opened !== undefined;
}

/** Where reading stopped when this thread was opened; it stays while one looks at it. */
function useNewFrom({ self, receipts, synced, seq }: ConversationView): number | null {
  const [from, setFrom] = useState<number | null>();
  const read = self === null ? undefined : receipts[self]?.read;
  useEffect(() => {
    if (!synced || from !== undefined) return;
    setFrom(read !== undefined && read < seq ? read + 1 : null);
  }, [synced, read, seq, from]);
  return from ?? null;
}

/** Whatever stands on the screen of an agent who looks at it is read. */
function useReading({ id, seq }: ConversationView, isAtEnd: boolean): void {
  const { client } = useSession();
  useEffect(() => {
    const read = () => {
      const looks = document.visibilityState === "visible" && document.hasFocus();
      if (isAtEnd && looks && seq > 0) client.markRead(id);
    };
    read();
    document.addEventListener("visibilitychange", read);
    window.addEventListener("focus", read);
    return () => {
      document.removeEventListener("visibilitychange", read);
      window.removeEventListener("focus", read);
    };
  }, [client, id, seq, isAtEnd]);
}
