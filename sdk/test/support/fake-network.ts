import type { OpenWebSocket, WebSocketLike } from "../../src/socket";
import type { ClientFrame, ServerFrame } from "../../src/wire.gen";
import { TS } from "./frames";

/** One WebSocket as the other side of it: a test plays the server by hand. */
export class FakeWebSocket implements WebSocketLike {
  readyState: WebSocketLike["readyState"] = 1;
  onmessage: WebSocketLike["onmessage"] = null;
  onclose: WebSocketLike["onclose"] = null;
  onerror: WebSocketLike["onerror"] = null;
  readonly sent: ClientFrame[] = [];
  closedByClient: number | undefined;

  constructor(
    readonly url: string,
    readonly protocols: readonly string[],
  ) {}

  send(data: string): void {
    this.sent.push(JSON.parse(data) as ClientFrame);
  }

  close(code?: number): void {
    this.readyState = 3;
    this.closedByClient = code ?? 1005;
  }

  /** The server says something. */
  say(...frames: readonly ServerFrame[]): void {
    for (const frame of frames) this.sayText(JSON.stringify(frame));
  }

  sayText(data: unknown): void {
    this.onmessage?.call(this as unknown as WebSocket, { data } as MessageEvent);
  }

  /** The server closes, or the network does. */
  end(code: number, reason = ""): void {
    this.readyState = 3;
    this.onclose?.call(this as unknown as WebSocket, { code, reason } as CloseEvent);
  }

  greet(): void {
    this.say(HELLO);
  }

  of<E extends ClientFrame["event"]>(event: E): Extract<ClientFrame, { event: E }>[] {
    return this.sent.filter((it): it is Extract<ClientFrame, { event: E }> => it.event === event);
  }
}

export const HELLO: ServerFrame = {
  event: "hello",
  data: {
    protocol: "chorus.v1",
    conn: "1f",
    node: "a3",
    nonce: "n-1",
    ts: TS,
    ping_ms: 25_000,
    dead_ms: 35_000,
    auth_ms: 10_000,
    ack_ms: 10_000,
    max_frame: 65_536,
    limits: {},
    backoff: { min_ms: 500, max_ms: 20_000 },
    features: [],
  },
};

/** Every socket that was dialled, in order. */
export class FakeNetwork {
  readonly sockets: FakeWebSocket[] = [];

  readonly open: OpenWebSocket = (url, protocols) => {
    const socket = new FakeWebSocket(url, protocols);
    this.sockets.push(socket);
    return socket;
  };

  get last(): FakeWebSocket {
    const socket = this.sockets.at(-1);
    if (socket === undefined) throw new Error("nothing was dialled");
    return socket;
  }
}
