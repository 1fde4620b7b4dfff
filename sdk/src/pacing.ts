/**
 * "I am typing", at most once in three seconds, withdrawn after five idle ones.
 *
 * The server drops a sooner one, also after a withdrawal, so that one waits for its time.
 */
export class TypingPace {
  readonly #send: (state: "start" | "stop") => boolean;
  readonly #nowMs: () => number;
  #toldMs = Number.NEGATIVE_INFINITY;
  #shown = false;
  #later: ReturnType<typeof setTimeout> | undefined;
  #idle: ReturnType<typeof setTimeout> | undefined;

  /** `send` answers whether it left: a start that did not is tried again at the next key. */
  constructor(send: (state: "start" | "stop") => boolean, nowMs: () => number = Date.now) {
    this.#send = send;
    this.#nowMs = nowMs;
  }

  /** Call on every key stroke. */
  typed(): void {
    clearTimeout(this.#idle);
    this.#idle = setTimeout(() => this.stop(), TYPING_IDLE_MS);
    const waitMs = this.#toldMs + TYPING_EVERY_MS - this.#nowMs();
    if (waitMs <= 0) this.#tell();
    else if (!this.#shown) this.#later ??= setTimeout(() => this.#tell(), waitMs);
  }

  /** Call when the text was sent or emptied. */
  stop(): void {
    this.close();
    if (!this.#shown) return;
    this.#shown = false;
    this.#send("stop");
  }

  close(): void {
    clearTimeout(this.#idle);
    clearTimeout(this.#later);
    this.#later = undefined;
  }

  #tell(): void {
    clearTimeout(this.#later);
    this.#later = undefined;
    if (!this.#send("start")) return;
    this.#shown = true;
    this.#toldMs = this.#nowMs();
  }
}

/** A little more than the server counts: a frame may overtake the pace of the one before. */
export const TYPING_EVERY_MS = 3_200;
export const TYPING_IDLE_MS = 5_000;

/** A watermark that is told at most once a second; the latest wins. */
export class ReceiptPace {
  readonly #send: (upTo: number) => boolean;
  #told = 0;
  #wanted = 0;
  #timer: ReturnType<typeof setTimeout> | undefined;

  constructor(send: (upTo: number) => boolean) {
    this.#send = send;
  }

  /** The first call leaves at once, later ones of the same second together. */
  reach(upTo: number): void {
    this.#wanted = Math.max(this.#wanted, upTo);
    if (this.#timer === undefined) this.#tell();
  }

  /** A new socket: what the old one carried may never have arrived. */
  repeat(): void {
    this.#told = 0;
    if (this.#timer === undefined) this.#tell();
  }

  close(): void {
    clearTimeout(this.#timer);
  }

  #tell(): void {
    this.#timer = undefined;
    if (this.#wanted <= this.#told || !this.#send(this.#wanted)) return;
    this.#told = this.#wanted;
    this.#timer = setTimeout(() => this.#tell(), RECEIPT_EVERY_MS);
  }
}

export const RECEIPT_EVERY_MS = 1_000;
