import { CLOSE } from "./close";
import { type ClientData, decodeFrames, type ServerData, type ServerFrameOf } from "./frames";
import { BEARER_PREFIX, type ClientFrame, PROTOCOL, type ServerFrame } from "./wire.gen";

/** The part of a browser WebSocket that is used here. */
export type WebSocketLike = Pick<
  WebSocket,
  "readyState" | "onmessage" | "onclose" | "onerror" | "send" | "close"
>;

export type OpenWebSocket = (url: string, protocols: string[]) => WebSocketLike;

export interface Ending {
  readonly code: number;
  readonly reason: string;
}

export interface SocketEvents {
  /** The credentials and the resume point are asked for only now: they may have moved on. */
  greet(hello: ServerData<"hello">): Omit<ClientData<"auth">, "nonce" | "token">;
  ready(frame: ServerFrameOf<"ready">): void;
  frame(frame: ServerFrame, from: Socket): void;
  closed(ending: Ending, from: Socket): void;
}

const OPEN = 1;
/** From dialling to `ready`; a proxy that swallows upgrades must not hold us for ever. */
const HANDSHAKE_TIMEOUT_MS = 15_000;
const DEFAULT_PING_MS = 25_000;
const DEFAULT_DEAD_MS = 35_000;

/**
 * One attempt at one WebSocket, from dialling to its end; it never tries again.
 *
 * `closed` is called exactly once unless the socket was retired. Timers end with the socket.
 */
export class Socket {
  readonly #ws: WebSocketLike;
  readonly #events: SocketEvents;
  #deadMs = DEFAULT_DEAD_MS;
  #pings = 0;
  #deadline: ReturnType<typeof setTimeout> | undefined;
  #pingTimer: ReturnType<typeof setInterval> | undefined;
  #ended = false;
  #ready = false;
  /** What the server told in `hello`. */
  hello: ServerData<"hello"> | undefined;

  constructor(url: string, token: string, open: OpenWebSocket, events: SocketEvents) {
    this.#events = events;
    this.#ws = open(url, [PROTOCOL, BEARER_PREFIX + token]);
    this.#ws.onmessage = ({ data }) => this.#read(data);
    this.#ws.onclose = ({ code, reason }) => this.#end({ code, reason });
    this.#ws.onerror = () => undefined;
    this.#deadline = setTimeout(() => this.#giveUp("handshake timeout"), HANDSHAKE_TIMEOUT_MS);
  }

  get isReady(): boolean {
    return this.#ready && !this.#ended;
  }

  /** Answers false when the frame surely did not leave. */
  send(frame: ClientFrame): boolean {
    if (this.#ended || this.#ws.readyState !== OPEN) return false;
    this.#ws.send(JSON.stringify(frame));
    return true;
  }

  /** Ask for a sign of life; without one within `patienceMs` the socket counts as dead. */
  probe(patienceMs: number): void {
    if (!this.isReady) return;
    this.#ping();
    this.#watch(Math.min(patienceMs, this.#deadMs));
  }

  /** End it from our side and report that as any other end. */
  close(code: number = CLOSE.normal): void {
    this.#ws.close(code);
    this.#end({ code, reason: "" });
  }

  /** Let go of a socket that was replaced: nothing it still does is of interest. */
  retire(): void {
    this.#stop();
    this.#ws.close(CLOSE.normal);
  }

  #read(data: unknown): void {
    if (this.#ended || typeof data !== "string") return;
    this.#watch(this.#ready ? this.#deadMs : HANDSHAKE_TIMEOUT_MS);
    for (const frame of decodeFrames(data)) {
      // A frame before may have ended this socket.
      if (!this.#ended) this.#route(frame);
    }
  }

  #route(frame: ServerFrame): void {
    if (frame.event === "hello") return this.#authenticate(frame.data);
    if (frame.event === "ping") {
      this.send({ event: "pong", data: { n: frame.data.n } });
      return;
    }
    if (frame.event !== "ready") return this.#events.frame(frame, this);
    this.#ready = true;
    this.#watch(this.#deadMs);
    this.#pingTimer = setInterval(() => this.#ping(), this.hello?.ping_ms ?? DEFAULT_PING_MS);
    this.#events.ready(frame);
  }

  #authenticate(hello: ServerData<"hello">): void {
    this.hello = hello;
    this.#deadMs = hello.dead_ms;
    this.send({ event: "auth", data: { nonce: hello.nonce, ...this.#events.greet(hello) } });
  }

  #ping(): void {
    this.#pings += 1;
    this.send({ event: "ping", data: { n: this.#pings } });
  }

  #watch(patienceMs: number): void {
    clearTimeout(this.#deadline);
    this.#deadline = setTimeout(() => this.#giveUp("nothing heard"), patienceMs);
  }

  /** The peer is gone without a word: do not wait for the close handshake it will not finish. */
  #giveUp(reason: string): void {
    this.#ws.close(CLOSE.normal);
    this.#end({ code: CLOSE.abnormal, reason });
  }

  #end(ending: Ending): void {
    if (this.#ended) return;
    this.#stop();
    this.#events.closed(ending, this);
  }

  #stop(): void {
    this.#ended = true;
    clearTimeout(this.#deadline);
    clearInterval(this.#pingTimer);
    this.#ws.onmessage = null;
    this.#ws.onclose = null;
  }
}
