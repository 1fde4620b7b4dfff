import { DEFAULT_BACKOFF } from "./backoff";
import { CLOSE } from "./close";
import { type ClientData, decodeFrames, type ServerData } from "./frames";
import type { WebSocketLike } from "./socket";
import { Posts } from "./stream-posts";
import { readEvents, type StreamEvent } from "./stream-reader";
import { BEARER_PREFIX, type ClientFrame, PROTOCOL, type ServerFrame } from "./wire.gen";

const OPEN = 1;
const CLOSED = 3;
const MAX_REMEMBERED = 500;

/** Open a conversation over plain HTTP, for places where a proxy blocks upgrades. */
export function openEventStream(url: string, protocols: string[]): WebSocketLike {
  return new EventStream(url, protocols);
}

/**
 * The event stream and its POSTs behind the face of a WebSocket: same frames, same order.
 *
 * What only a socket has is made up here: `hello`, the answers to what was posted, `pong`.
 * Typing does not travel. Its owner watches over its life, as over that of a socket.
 */
class EventStream implements WebSocketLike {
  readyState: WebSocketLike["readyState"] = OPEN;
  onmessage: WebSocketLike["onmessage"] = null;
  onclose: WebSocketLike["onclose"] = null;
  onerror: WebSocketLike["onerror"] = null;
  readonly #base: string;
  readonly #posts: Posts;
  /** Messages by place: a receipt names a place here and a message there. */
  readonly #ids = new Map<number, string>();
  #reading: AbortController | undefined;
  #isReady = false;
  #epoch = "";
  #last = 0;

  constructor(url: string, protocols: readonly string[]) {
    this.#base = url
      .replace(/^ws/u, "http")
      .replace("/ws/v1/conversations/", "/livechat/conversations/");
    const bearer = protocols.find((it) => it.startsWith(BEARER_PREFIX)) ?? BEARER_PREFIX;
    const token = bearer.slice(BEARER_PREFIX.length);
    this.#posts = new Posts(this.#base, token, (frame) => this.#say(frame));
    queueMicrotask(() => this.#say(HELLO));
  }

  send(text: string): void {
    const frame = JSON.parse(text) as ClientFrame;
    switch (frame.event) {
      case "auth":
        return this.#authenticate(frame.data);
      case "position":
        return this.#follow(frame.data.seq, frame.data.epoch);
      case "receipt":
        return void this.#posts.acknowledge(this.#idAt(frame.data.up_to), frame.data.kind);
      case "ping":
        return void this.#posts.head().then((seq) => this.#pong(frame.data.n, seq));
      default:
        this.#posts.add(frame);
    }
  }

  close(): void {
    this.readyState = CLOSED;
    this.#posts.close();
    this.#reading?.abort();
  }

  /** At first with the resume point, later with a new token, which takes a stream of its own. */
  #authenticate({ token, resume }: ClientData<"auth">): void {
    if (token !== undefined) this.#posts.token = token;
    if (this.#isReady) return this.#follow(this.#last, this.#epoch);
    this.#last = resume?.last_seq ?? 0;
    this.#follow(resume?.last_seq, resume?.epoch);
  }

  #follow(after: number | undefined, epoch: string | undefined): void {
    this.#reading?.abort();
    this.#reading = new AbortController();
    const point = after === undefined || epoch === undefined ? {} : { after: `${after}`, epoch };
    void this.#read(`${this.#base}/events?${new URLSearchParams(point)}`, this.#reading.signal);
  }

  async #read(url: string, signal: AbortSignal): Promise<void> {
    try {
      const headers = { Authorization: `Bearer ${this.#posts.token}` };
      const response = await fetch(url, { headers, signal, cache: "no-store" });
      if (!response.ok || response.body === null) return this.#end(...endingOf(response));
      for await (const event of readEvents(response.body)) {
        if (signal.aborted) return;
        this.#onEvent(event);
      }
      this.#end(CLOSE.abnormal, "");
    } catch {
      if (!signal.aborted) this.#end(CLOSE.abnormal, "");
    }
  }

  #onEvent({ name, data }: StreamEvent): void {
    if (name === "close") {
      const { code, reason } = JSON.parse(data) as { code: number; reason: string };
      return this.#end(code, reason);
    }
    const frames = decodeFrames(data);
    // A comment is a sign of life and nothing else.
    if (frames.length === 0) this.#tell("");
    for (const frame of frames) this.#onFrame(frame);
  }

  #onFrame(frame: ServerFrame): void {
    if (frame.event === "ready") {
      this.#epoch = frame.data.conversation?.epoch ?? this.#epoch;
      // Only the first stream makes this connection ready; later ones go on with it.
      if (this.#isReady) return;
      this.#isReady = true;
    }
    if (frame.seq !== undefined) this.#last = Math.max(this.#last, frame.seq);
    if (frame.event === "message" && frame.seq !== undefined) {
      this.#remember(frame.seq, frame.data.id);
    }
    this.#say(frame);
  }

  #remember(seq: number, id: string): void {
    this.#ids.set(seq, id);
    const [oldest] = this.#ids.keys();
    if (this.#ids.size > MAX_REMEMBERED && oldest !== undefined) this.#ids.delete(oldest);
  }

  #idAt(upTo: number): string | undefined {
    const seqs = [...this.#ids.keys()].filter((seq) => seq <= upTo);
    return this.#ids.get(Math.max(...seqs));
  }

  #pong(n: number, seq: number | undefined): void {
    if (seq !== undefined) this.#say({ event: "pong", data: { n, seq } });
  }

  #say(frame: ServerFrame): void {
    this.#tell(JSON.stringify(frame));
  }

  #tell(data: string): void {
    if (this.readyState !== OPEN) return;
    this.onmessage?.call(this as unknown as WebSocket, { data } as MessageEvent);
  }

  #end(code: number, reason: string): void {
    if (this.readyState !== OPEN) return;
    this.close();
    this.onclose?.call(this as unknown as WebSocket, { code, reason } as CloseEvent);
  }
}

/** What a refused stream means in the words of a socket (PROTOCOL §5). */
function endingOf(response: Response): [number, string] {
  const { status, headers } = response;
  if (status === 401) return [CLOSE.expired, ""];
  if (status === 403) return [CLOSE.forbidden, ""];
  if (status === 404) return [CLOSE.noSuchConversation, ""];
  const wait = Number(headers.get("Retry-After") ?? 0);
  return [CLOSE.abnormal, wait > 0 ? JSON.stringify({ retry_after: wait }) : ""];
}

const HELLO_DATA: ServerData<"hello"> = {
  protocol: PROTOCOL,
  conn: "",
  node: "",
  nonce: "",
  ts: "",
  ping_ms: 25_000,
  dead_ms: 35_000,
  auth_ms: 10_000,
  ack_ms: 10_000,
  max_frame: 65_536,
  limits: {},
  backoff: { min_ms: DEFAULT_BACKOFF.minMs, max_ms: DEFAULT_BACKOFF.maxMs },
  features: [],
};
const HELLO: ServerFrame = { event: "hello", data: HELLO_DATA };
