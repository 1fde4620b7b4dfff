import { underLock } from "./locks";

export interface LeadershipEvents {
  /** This tab leads now. */
  lead(): void;
  /** Another tab took it over by force, because this one did not answer. */
  lost(): void;
}

/**
 * Elect one tab of a browser: whoever holds the Web Lock leads, the next in line follows when it
 * closes. Without Web Locks (an insecure origin) every tab leads itself, which the server allows.
 */
export class Leadership {
  readonly #name: string;
  readonly #locks: LockManager | undefined;
  readonly #events: LeadershipEvents;
  readonly #closing = new AbortController();
  #release: (() => void) | undefined;
  #epoch = 0;

  constructor(name: string, locks: LockManager | undefined, events: LeadershipEvents) {
    this.#name = name;
    this.#locks = locks;
    this.#events = events;
  }

  get isLeader(): boolean {
    return this.#release !== undefined;
  }

  /** Stand in line. */
  join(): void {
    void this.#request({ signal: this.#closing.signal });
  }

  /** Take the place of a leader that does not answer any more (a frozen tab). */
  seize(): void {
    if (!this.isLeader && !this.#closing.signal.aborted) void this.#request({ steal: true });
  }

  leave(): void {
    this.#closing.abort();
    this.#release?.();
    this.#release = undefined;
  }

  async #request(options: LockOptions): Promise<void> {
    if (this.#locks === undefined) {
      await this.#hold();
      return;
    }
    try {
      await underLock(this.#locks, this.#name, options, () => this.#hold());
    } catch {
      // Aborted: either we left the line, or somebody seized the lock we held.
      if (this.#release !== undefined && !this.#closing.signal.aborted) this.#deposed();
    }
  }

  #hold(): Promise<void> {
    // Both the waiting request and a seizing one may be granted, one after the other.
    if (this.isLeader || this.#closing.signal.aborted) return Promise.resolve();
    this.#epoch += 1;
    const held = new Promise<void>((release) => {
      this.#release = release;
    });
    this.#events.lead();
    return held;
  }

  #deposed(): void {
    this.#release = undefined;
    this.#events.lost();
    this.join();
  }
}
