import type { KeyValueStorage } from "./credentials";

/** Where the session of a visitor of this inbox is kept. */
export function visitorSessionKey(inboxKey: string): string {
  return `chorus:${inboxKey}:session`;
}

/** True when this browser has talked to this inbox before, so connecting at once is expected. */
export function hasVisitorSession(inboxKey: string, storage: KeyValueStorage): boolean {
  try {
    return storage.getItem(visitorSessionKey(inboxKey)) !== null;
  } catch {
    return false;
  }
}
