import { visitorName } from "@chorus/sdk/session-key";
import type { User } from "../api";

/** Ask the page for the token of its user. */
export async function tokenOf(user: User | undefined): Promise<string | undefined> {
  const token = user?.token;
  return typeof token === "function" ? token() : token;
}

/**
 * The part of storage that belongs to the subject of a token; "" without one. Only the server
 * checks the token: this keeps people apart on one computer, it proves nothing.
 */
export function scopeOf(token: string | undefined): string {
  if (token === undefined) return "";
  try {
    const body = token.split(".")[1]?.replace(/-/gu, "+").replace(/_/gu, "/") ?? "";
    return encodeURIComponent((JSON.parse(atob(body)) as { sub: string }).sub);
  } catch {
    return "?";
  }
}

/** Forget what this browser keeps of the visitors of an inbox, but for the one of `kept`. */
export function forgetVisitors(key: string, kept: string | undefined): void {
  const prefix = `${visitorName(key)}:`;
  try {
    for (const name of Object.keys(localStorage).filter((it) => it.startsWith(prefix))) {
      const parts = name.slice(prefix.length).split(":");
      const scope = parts.length > 1 ? (parts[0] ?? "") : "";
      if (scope === kept) continue;
      localStorage.removeItem(name);
      indexedDB.deleteDatabase(visitorName(key, scope));
    }
  } catch {
    // Where there is no storage, nothing was kept.
  }
}

/** The page's storage, or one that holds nothing, where it is denied. */
export function readableStorage(): Pick<Storage, "getItem"> {
  try {
    return localStorage;
  } catch {
    return { getItem: () => null };
  }
}
