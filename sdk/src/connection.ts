import {
  type BackoffRange,
  backoffMs,
  DEFAULT_BACKOFF,
  type Random,
  STABLE_AFTER_MS,
  spreadMs,
} from "./backoff";
import { CLOSE } from "./close";
import { reconnectPolicy } from "./codes";
import { type Credentials, SIGNED_OUT } from "./credentials";
import { ChorusError } from "./errors";
import type { ClientData, ServerData, ServerFrameOf } from "./frames";
import {
  type Ending,
  type OpenWebSocket,
  Socket,
  type SocketEvents,
  type WebSocketLike,
} from "./socket";
import { Ways } from "./ways";
import type { ClientFrame, ServerFrame } from "./wire.gen";

export type ConnectionStatus =
  | { readonly phase: "idle" }
  | { readonly phase: "connecting"; readonly attempt: number }
  | { readonly phase: "online" }
  | { readonly phase: "waiting"; readonly attempt: number; readonly retryAtMs: number }
  | { readonly phase: "stopped"; readonly code: number; readonly reason: string };

export interface ConnectionOptions {
  readonly url: string;
  readonly credentials: Credentials;
  /** A UUID of this tab: a newer socket with the same one supersedes the older. */
  readonly session: string;
  readonly clientName: string;
  /** For how long the person did nothing, for servers that show agents as away. */
  idleS?(): number;
  resume(): ClientData<"auth">["resume"];
  onStatus(status: ConnectionStatus): void;
  onReady(frame: ServerFrameOf<"ready">): void;
  onFrame(frame: ServerFrame): void;
  /** The server refused the size of something that was just sent. */
  onTooBig(): void;
  readonly openWebSocket?: OpenWebSocket;
  /** The way to take where upgrades are blocked. */
  readonly openEventStream?: OpenWebSocket;
  readonly random?: Random;
}

export const CLIENT_VERSION = "0.1.0";
const PROBE_PATIENCE_MS = 5_000;

/**
 * Keeps one socket open for as long as it is wanted, by the rules of the close codes.
 *
 * Make-before-break: on `drain` the next socket becomes ready before the old one is let go, so
 * for a moment frames come from both; the reducer drops what it has seen.
 */
export class Connection {
  readonly #options: ConnectionOptions;
  readonly #ways: Ways;
  readonly #random: Random;
  #live: Socket | undefined;
  #isLiveStream = false;
  #next: Socket | undefined;
  #timer: ReturnType<typeof setTimeout> | undefined;
  #stableTimer: ReturnType<typeof setTimeout> | undefined;
  #attempt = 0;
  #refusedTokens = 0;
  #range: BackoffRange = DEFAULT_BACKOFF;
  #wanted = false;
  #status: ConnectionStatus = { phase: "idle" };

  constructor(options: ConnectionOptions) {
    this.#options = options;
    this.#ways = new Ways(options.openWebSocket ?? browserSocket, options.openEventStream);
    this.#random = options.random ?? Math.random;
  }

  get status(): ConnectionStatus {
    return this.#status;
  }

  get isOnline(): boolean {
    return this.#live?.isReady === true;
  }

  start(): void {
    this.#wanted = true;
    this.#attempt = 0;
    this.#refusedTokens = 0;
    this.#dial();
  }

  stop(): void {
    this.#wanted = false;
    this.#clearTimers();
    this.#next?.retire();
    this.#live?.retire();
    this.#live = undefined;
    this.#next = undefined;
    this.#tell({ phase: "idle" });
  }

  /** Answers false when nothing left. */
  send(frame: ClientFrame): boolean {
    return this.isOnline && this.#live?.send(frame) === true;
  }

  /** The network or the page came back: connect now, or make sure that the socket still lives. */
  wake(): void {
    if (!this.#wanted) return;
    if (this.isOnline) this.probe();
    else if (this.#status.phase === "waiting") this.#dial();
  }

  /** The network seems to be gone: find out soon, without dialling for nothing. */
  probe(): void {
    this.#live?.probe(PROBE_PATIENCE_MS);
  }

  /** The person asked: forget all waiting. */
  reconnect(): void {
    if (this.isOnline) return this.wake();
    this.#next?.retire();
    this.#next = undefined;
    this.start();
  }

  /** The server refused a frame for want of a valid token: give it a new one in place. */
  reauthenticate(): void {
    if (this.#live !== undefined) void this.#renewInPlace(this.#live);
  }

  #dial(): void {
    clearTimeout(this.#timer);
    if (!this.#wanted || this.#next !== undefined) return;
    if (this.#live === undefined) this.#tell({ phase: "connecting", attempt: this.#attempt });
    const token = this.#options.credentials.token();
    if (token === undefined) return this.#renewThenDial();
    this.#next = new Socket(this.#options.url, token, this.#ways.next(), this.#events());
  }

  #events(): SocketEvents {
    return {
      greet: (hello) => this.#greet(hello),
      ready: (frame) => this.#adopt(frame),
      frame: (frame, from) => this.#onFrame(frame, from),
      closed: (ending, from) => this.#onClosed(ending, from),
    };
  }

  #greet(hello: ServerData<"hello">): Omit<ClientData<"auth">, "nonce" | "token"> {
    this.#range = { minMs: hello.backoff.min_ms, maxMs: hello.backoff.max_ms };
    const { clientName: name, idleS, session } = this.#options;
    const resume = this.#options.resume();
    const idle = idleS === undefined ? {} : { idle_s: idleS() };
    return {
      session,
      client: { name, version: CLIENT_VERSION, batch: true, ...idle },
      ...(resume === undefined ? {} : { resume }),
    };
  }

  /** The next socket is ready: it is the one now. */
  #adopt(frame: ServerFrameOf<"ready">): void {
    this.#live?.retire();
    this.#live = this.#next;
    this.#next = undefined;
    this.#refusedTokens = 0;
    this.#ways.worked();
    this.#isLiveStream = this.#ways.streaming;
    clearTimeout(this.#timer);
    if (this.#isLiveStream) this.#planUpgrade();
    clearTimeout(this.#stableTimer);
    this.#stableTimer = setTimeout(() => {
      this.#attempt = 0;
    }, STABLE_AFTER_MS);
    this.#tell({ phase: "online" });
    this.#options.onReady(frame);
  }

  /** A stream does, a socket is better: try for one beside it, and keep what works meanwhile. */
  #planUpgrade(): void {
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => {
      this.#ways.preferSocket();
      this.#dial();
    }, this.#ways.upgradeAfterMs());
  }

  #onFrame(frame: ServerFrame, from: Socket): void {
    if (frame.event === "drain" && from === this.#live) this.#moveOn(frame.data);
    else if (frame.event === "auth.expiring") void this.#renewInPlace(from);
    else this.#options.onFrame(frame);
  }

  #moveOn(drain: ServerData<"drain">): void {
    const waitMs = Math.min(spreadMs(drain.reconnect_in_ms, this.#random), drain.deadline_ms);
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => this.#dial(), waitMs);
  }

  async #renewInPlace(socket: Socket): Promise<void> {
    try {
      const token = await this.#options.credentials.refresh();
      socket.send({ event: "auth", data: { token } });
    } catch {
      // The server closes with 4300 when its patience ends; that path tries again.
    }
  }

  #onClosed(ending: Ending, from: Socket): void {
    if (from === this.#live) {
      this.#live = undefined;
      this.#ways.preferSocket();
      clearTimeout(this.#stableTimer);
      // A drain switch under way goes on by itself.
      if (this.#next !== undefined) return this.#tell({ phase: "connecting", attempt: 0 });
    } else {
      this.#next = undefined;
      this.#ways.failed(ending, from.hello !== undefined);
      if (this.#isLiveStream && this.isOnline) return this.#planUpgrade();
    }
    this.#recover(ending);
  }

  #recover({ code, reason }: Ending): void {
    const step = reconnectPolicy(code, reason);
    switch (step.kind) {
      case "stop":
        return this.#live === undefined ? this.#halt(code, reason) : undefined;
      case "spread":
        return this.#wait(spreadMs(step.windowMs, this.#random));
      case "refresh":
        return this.#onBadToken(code, reason);
      case "drop-message":
        this.#options.onTooBig();
        return this.#waitBackoff(1, 0);
      case "backoff":
        return this.#waitBackoff(step.factor, step.afterMs);
    }
  }

  #onBadToken(code: number, reason: string): void {
    this.#refusedTokens += 1;
    if (code === CLOSE.invalidToken && this.#refusedTokens > 1) return this.#halt(code, reason);
    if (this.#refusedTokens > 1) return this.#waitBackoff(1, 0);
    this.#renewThenDial();
  }

  #renewThenDial(): void {
    this.#options.credentials.refresh().then(
      () => this.#dial(),
      (cause: unknown) => {
        if (cause instanceof ChorusError && cause.code === SIGNED_OUT) {
          this.#halt(CLOSE.invalidToken, cause.message);
        } else {
          this.#waitBackoff(1, 0);
        }
      },
    );
  }

  #waitBackoff(factor: number, afterMs: number): void {
    const waitMs = backoffMs(this.#attempt, this.#random, this.#range) * factor;
    this.#attempt += 1;
    this.#wait(afterMs + waitMs);
  }

  #wait(waitMs: number): void {
    if (!this.#wanted) return;
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => this.#dial(), waitMs);
    if (this.#live !== undefined) return;
    const retryAtMs = Date.now() + waitMs;
    this.#tell({ phase: "waiting", attempt: this.#attempt, retryAtMs });
  }

  #halt(code: number, reason: string): void {
    this.#wanted = false;
    this.#clearTimers();
    this.#tell({ phase: "stopped", code, reason });
  }

  #clearTimers(): void {
    clearTimeout(this.#timer);
    clearTimeout(this.#stableTimer);
  }

  #tell(status: ConnectionStatus): void {
    this.#status = status;
    this.#options.onStatus(status);
  }
}

function browserSocket(url: string, protocols: string[]): WebSocketLike {
  return new WebSocket(url, protocols);
}
