import { CLOSE } from "./close";
import type { Ending, OpenWebSocket } from "./socket";

/** So many upgrades in a row that get nowhere are no accident: something in between blocks them. */
export const UPGRADE_TRIES = 3;
const FIRST_UPGRADE_MS = 30_000;
const MAX_UPGRADE_MS = 600_000;

/**
 * Which way the next attempt takes: a WebSocket, or the event stream where upgrades are blocked.
 *
 * A server that is away looks the same as a blocked upgrade. So a stream that does not come up
 * either clears the suspicion, and one that does is left again as soon as an upgrade succeeds.
 */
export class Ways {
  readonly #socket: OpenWebSocket;
  readonly #stream: OpenWebSocket | undefined;
  #failures = 0;
  #streaming = false;
  #upgradeMs = FIRST_UPGRADE_MS;

  constructor(socket: OpenWebSocket, stream: OpenWebSocket | undefined) {
    this.#socket = socket;
    this.#stream = stream;
  }

  /** True when the latest attempt is one at the event stream. */
  get streaming(): boolean {
    return this.#streaming;
  }

  next(): OpenWebSocket {
    this.#streaming = this.#stream !== undefined && this.#failures >= UPGRADE_TRIES;
    return this.#streaming && this.#stream !== undefined ? this.#stream : this.#socket;
  }

  /** The latest attempt became ready. */
  worked(): void {
    if (this.#streaming) return;
    this.#failures = 0;
    this.#upgradeMs = FIRST_UPGRADE_MS;
  }

  /** The latest attempt ended before it was ready; `greeted` when the server had said something. */
  failed({ code }: Ending, greeted: boolean): void {
    if (this.#streaming) this.#failures = 0;
    else if (!greeted && code === CLOSE.abnormal) this.#failures += 1;
  }

  /** The next attempt is an upgrade; if it fails, the one after is a stream again. */
  preferSocket(): void {
    this.#failures = Math.min(this.#failures, UPGRADE_TRIES - 1);
  }

  /** How long to be content with a stream; longer each time. */
  upgradeAfterMs(): number {
    const waitMs = this.#upgradeMs;
    this.#upgradeMs = Math.min(MAX_UPGRADE_MS, waitMs * 2);
    return waitMs;
  }
}
