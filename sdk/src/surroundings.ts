import type { KeyValueStorage } from "./credentials";
import type { OpenWebSocket } from "./socket";
import { uuid4 } from "./uuid7";

/** What a host may replace. Everything has the browser's own as default. */
export interface Surroundings {
  readonly openWebSocket?: OpenWebSocket;
  /** The way to take where upgrades are blocked. */
  readonly openEventStream?: OpenWebSocket;
  readonly indexedDB?: IDBFactory;
  readonly locks?: LockManager;
  readonly openChannel?: (name: string) => BroadcastChannel;
}

export function browserLocks(): LockManager | undefined {
  return globalThis.navigator?.locks;
}

export function browserChannel(): ((name: string) => BroadcastChannel) | undefined {
  if (typeof BroadcastChannel === "undefined") return undefined;
  return (name) => new BroadcastChannel(name);
}

/** The page's local storage, or memory where it is blocked. */
export function browserStorage(): KeyValueStorage {
  try {
    return globalThis.localStorage;
  } catch {
    return new MemoryStorage();
  }
}

export class MemoryStorage implements KeyValueStorage {
  readonly #values = new Map<string, string>();

  getItem(key: string): string | null {
    return this.#values.get(key) ?? null;
  }

  setItem(key: string, value: string): void {
    this.#values.set(key, value);
  }

  removeItem(key: string): void {
    this.#values.delete(key);
  }
}

/**
 * The id of this tab. It outlives a reload, so that the new page supersedes the socket that the
 * old one left half open.
 */
export function tabSession(key: string): string {
  try {
    const known = globalThis.sessionStorage.getItem(key) ?? uuid4();
    globalThis.sessionStorage.setItem(key, known);
    return known;
  } catch {
    return uuid4();
  }
}

/** `https://host/base` → `wss://host/base`; an empty base is the page's own origin. */
export function webSocketBase(apiBase: string): string {
  const url = new URL(apiBase === "" ? "/" : apiBase, globalThis.location?.href);
  url.protocol = url.protocol === "https:" ? "wss:" : "ws:";
  return url.href.replace(/\/+$/u, "");
}

export interface NetworkEvents {
  /** The page or the network came back. */
  wake(): void;
  /** The browser believes that the network is gone. */
  probe(): void;
}

/** Watch the page and the network; answers how to stop. */
export function watchNetwork({ wake, probe }: NetworkEvents): () => void {
  const { document, window } = globalThis;
  if (document === undefined || window === undefined) return () => undefined;
  const whenVisible = () => {
    if (document.visibilityState === "visible") wake();
  };
  window.addEventListener("online", wake);
  window.addEventListener("offline", probe);
  window.addEventListener("pageshow", whenVisible);
  document.addEventListener("visibilitychange", whenVisible);
  return () => {
    window.removeEventListener("online", wake);
    window.removeEventListener("offline", probe);
    window.removeEventListener("pageshow", whenVisible);
    document.removeEventListener("visibilitychange", whenVisible);
  };
}
