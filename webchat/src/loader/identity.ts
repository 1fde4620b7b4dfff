import { visitorName } from "@chorus/sdk/session-key";
import type { User } from "../api";

const PATIENCE_MS = 20_000;

/** Ask the page for the token of its user, but do not wait for ever. */
export async function tokenOf(user: User | undefined): Promise<string | undefined> {
  const token = user?.token;
  if (typeof token !== "function") return token;
  const late = new Promise<never>((_, reject) => {
    setTimeout(reject, PATIENCE_MS, new Error("user.token is late"));
  });
  return Promise.race([token(), late]);
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

/**
 * Forget what this browser keeps of vouched-for visitors of an inbox but `kept`; of all, without
 * one. Each finds only their own, so until somebody else is vouched for there is no hurry: a page
 * may learn only later who this is, and what was not sent yet would be lost.
 */
export function forgetVisitors(key: string, kept: string | undefined): void {
  const prefix = `${visitorName(key)}:`;
  for (const name of storedNames(prefix)) {
    const parts = name.split(":");
    const scope = parts.length > 1 ? (parts[0] ?? "") : "";
    if (kept !== undefined && (scope === "" || kept === "" || scope === kept)) continue;
    stored((storage) => storage.removeItem(prefix + name));
    stored(() => indexedDB.deleteDatabase(visitorName(key, scope)));
  }
}

/** True for who has a chat, or has said what is to begin one. */
export function hasChat(key: string, scope: string): boolean {
  const names = storedNames(`${visitorName(key, scope)}:`);
  return names.some((name) => /^(session|held-)[^:]*$/u.test(name));
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
