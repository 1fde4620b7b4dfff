import type { InboxItem, InboxView } from "@chorus/sdk";
import type { Inbox, InboxFilter } from "@chorus/sdk/inbox";
import { useCallback, useEffect, useMemo, useRef, useState } from "react";
import { useInbox } from "../../shared/live/hooks";
import { useSession } from "../../shared/live/session";
import { ANY, arranged, fits, type Narrowing, type Sort, settled } from "./order";

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
export function useList(view: InboxView, narrowing: Narrowing, sort: Sort): List {
  const filter = useMemo(() => filterOf(narrowing), [narrowing]);
  useOpen(view, filter);
  const inbox = useInbox(view, filter);
  const [isHeld, setIsHeld] = useState(false);
  const shown = useRef<{ key: string; order: readonly string[] }>({ key: "", order: [] });
  const memory = useRef(new Map<string, InboxItem>());
  const rows = useMemo(
    () => Object.values(inbox?.rows ?? {}).filter((row) => fits(row, narrowing)),
    [inbox, narrowing],
  );
  for (const row of rows) memory.current.set(row.conv, row);
  const key = `${view} ${sort} ${JSON.stringify(filter)}`;
  const wanted = useMemo(() => arranged(rows, sort), [rows, sort]);
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
function useOpen(view: InboxView, filter: InboxFilter): void {
  const { client } = useSession();
  useEffect(() => {
    const open = () => void client.open(view, filter).catch(() => undefined);
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
  }, [client, view, filter]);
}

function filterOf({ queue, assignee, status }: Narrowing): InboxFilter {
  const given = Object.entries({ queue, assignee, status: status === ANY ? undefined : status });
  return Object.fromEntries(
    given.filter((pair): pair is [string, string] => pair[1] !== undefined),
  );
}
