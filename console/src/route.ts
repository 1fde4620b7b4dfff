import type { InboxView } from "@chorus/sdk";
import { useCallback, useEffect, useState } from "react";

/** What the address says is open: it can be linked, reloaded, and gone back to. */
export interface Route {
  readonly view: InboxView;
  readonly conv: string | null;
}

const BASE = "/console/inbox";
const VIEWS: readonly InboxView[] = ["all", "mine", "queue", "mentions", "snoozed", "bot"];
const UUID = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/iu;

export function parseRoute(path: string, search: string): Route {
  const wanted = new URLSearchParams(search).get("view");
  const view = VIEWS.find((known) => known === wanted) ?? "all";
  const id = path.startsWith(`${BASE}/`) ? path.slice(BASE.length + 1) : "";
  return { view, conv: UUID.test(id) ? id.toLowerCase() : null };
}

export function routePath({ view, conv }: Route): string {
  const path = conv === null ? BASE : `${BASE}/${conv}`;
  return view === "all" ? path : `${path}?view=${view}`;
}

export function useRoute(): [Route, (next: Partial<Route>) => void] {
  const [route, setRoute] = useState(() => parseRoute(location.pathname, location.search));
  useEffect(() => {
    const read = () => setRoute(parseRoute(location.pathname, location.search));
    window.addEventListener("popstate", read);
    return () => window.removeEventListener("popstate", read);
  }, []);
  const go = useCallback((next: Partial<Route>) => {
    const target = { ...parseRoute(location.pathname, location.search), ...next };
    history.pushState(null, "", routePath(target));
    setRoute(target);
  }, []);
  return [route, go];
}
