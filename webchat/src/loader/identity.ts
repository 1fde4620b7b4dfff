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
  for (const name of storedNames(prefix)) {
    const parts = name.split(":");
    const scope = parts.length > 1 ? (parts[0] ?? "") : "";
    if (scope === kept) continue;
    stored((storage) => storage.removeItem(prefix + name));
    stored(() => indexedDB.deleteDatabase(visitorName(key, scope)));
  }
}

/** True for who has a chat, or has said what is to begin one. */
export function hasChat(key: string, scope: string): boolean {
  const names = storedNames(`${visitorName(key, scope)}:`);
  return names.some((name) => /^(session$|held-)/u.test(name));
}

/** The rest of all names in the storage that begin with `prefix`, sorted. */
export function storedNames(prefix: string): string[] {
  const names = stored(Object.keys) ?? [];
  const mine = names.filter((name) => name.startsWith(prefix));
  return mine.map((name) => name.slice(prefix.length)).sort();
}

/** Do something with what the browser keeps for the page; undefined where that is denied. */
export function stored<T>(act: (storage: Storage) => T): T | undefined {
  try {
    return act(localStorage);
  } catch {
    return undefined;
  }
}
