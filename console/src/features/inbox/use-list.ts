import type { InboxItem, InboxView } from "@chorus/sdk";
import { type Inbox, type InboxFilter, inboxRows } from "@chorus/sdk/inbox";
import type { InboxSort } from "@chorus/sdk/wire.gen";
import { useCallback, useEffect, useMemo, useRef, useState } from "react";
import { useInbox } from "../../shared/live/hooks";
import { useSession } from "../../shared/live/session";
import { type Arrangement, filterOf, settled } from "./order";

const RECOUNT_EVERY_MS = 10_000;

export interface List {
  readonly inbox: Inbox | undefined;
  readonly order: readonly string[];
  /** The last known of each row in `order`, those that left the view included. */
  row(conv: string): InboxItem | undefined;
  /** False for one that only stands there because the list is held. */
  isCurrent(conv: string): boolean;
  readonly arrived: number;
  hold(isHeld: boolean): void;
  /** Let the list move now. */
  refresh(): void;
}

/** The rows of a view. They stay where they are as long as somebody points at them. */
export function useList(view: InboxView, { sort, ...narrowing }: Arrangement): List {
  const key = `${view} ${sort} ${JSON.stringify(filterOf(narrowing))}`;
  // biome-ignore lint/correctness/useExhaustiveDependencies: the key is the filter, spelled.
  const filter = useMemo(() => filterOf(narrowing), [key]);
  useOpen(view, filter, sort);
  const inbox = useInbox(view, filter, sort);
  const [isHeld, setIsHeld] = useState(false);
  const shown = useRef<{ key: string; order: readonly string[] }>({ key: "", order: [] });
  const memory = useRef(new Map<string, InboxItem>());
  const rows = useMemo(() => (inbox === undefined ? [] : inboxRows(inbox)), [inbox]);
  for (const row of rows) memory.current.set(row.conv, row);
  const wanted = useMemo(() => rows.map((row) => row.conv), [rows]);
  const isSame = shown.current.key === key;
  const { order, arrived } = settled(isSame ? shown.current.order : [], wanted, isHeld);
  shown.current = { key, order };
  const current = useMemo(() => new Set(wanted), [wanted]);
  const [, redraw] = useState(0);
  const refresh = useCallback(() => {
    shown.current = { key: "", order: [] };
    redraw((count) => count + 1);
  }, []);
  return {
    inbox,
    order,
    row: (conv) => memory.current.get(conv),
    isCurrent: (conv) => current.has(conv),
    arrived,
    hold: setIsHeld,
    refresh,
  };
}

/**
 * Have the server keep this view up to date. The tabs of a browser share one socket with one open
 * view, so the tab that is looked at opens its own again.
 */
function useOpen(view: InboxView, filter: InboxFilter, sort: InboxSort): void {
  const { client } = useSession();
  useEffect(() => {
    const open = () => void client.open(view, filter, sort).catch(() => undefined);
    const look = () => {
      if (document.visibilityState === "visible") open();
    };
    open();
    window.addEventListener("focus", look);
    document.addEventListener("visibilitychange", look);
    // Counters of views come with a page only.
    const recount = setInterval(look, RECOUNT_EVERY_MS);
    return () => {
      clearInterval(recount);
      window.removeEventListener("focus", look);
      document.removeEventListener("visibilitychange", look);
    };
  }, [client, view, filter, sort]);
}
