import type { DurableFrame } from "../../src/frames";
import type { OpenWebSocket } from "../../src/socket";
import type { ClientFrame, ServerFrame } from "../../src/wire.gen";
import { FakeWebSocket, HELLO } from "./fake-network";
import { AGENT, CONV, CUSTOMER, messageId, ready, synced, TS } from "./frames";

type Fate = "answered" | "cut before it was stored" | "cut before the answer" | "refused" | "lost";

/** The other side of the wire: one conversation, kept exactly as the protocol promises. */
export class FakeChorus {
  readonly log: DurableFrame[] = [];
  readonly sockets = new Set<FakeWebSocket>();
  /** What happens to the next message of the visitor. */
  fate: () => Fate = () => "answered";
  dials = 0;
  #refused: string | undefined;
  #said = 0;

  readonly open: OpenWebSocket = (url, protocols) => {
    this.dials += 1;
    const socket = new FakeWebSocket(url, protocols);
    const record = socket.send.bind(socket);
    socket.send = (data) => {
      record(data);
      queueMicrotask(() => this.#receive(socket, JSON.parse(data) as ClientFrame));
    };
    queueMicrotask(() => socket.say(HELLO));
    return socket;
  };

  /** What everybody must see in the end. */
  get contents(): string[] {
    return this.log.flatMap((it) => (it.event === "message" ? [it.data.content ?? ""] : []));
  }

  /** An agent says something. */
  say(content: string, visibility: "public" | "agents" = "public"): void {
    this.#said += 1;
    const id = messageId(0xa000 + this.#said);
    this.#store({ id, role: "agent", userId: AGENT, content, visibility });
    this.#tell(this.log.at(-1) as DurableFrame);
  }

  cut(code = 1006): void {
    for (const socket of this.sockets) socket.end(code);
    this.sockets.clear();
  }

  #receive(socket: FakeWebSocket, frame: ClientFrame): void {
    if (socket.readyState !== 1) return;
    if (frame.event === "auth") this.#welcome(socket, frame.data.resume?.last_seq);
    if (frame.event === "position") this.#replay(socket, frame.data.seq);
    if (frame.event === "message") this.#onMessage(socket, frame);
  }

  #welcome(socket: FakeWebSocket, lastSeq: number | undefined): void {
    this.sockets.add(socket);
    this.#refused = undefined;
    const from = lastSeq ?? 0;
    socket.say(ready(this.log.length, {}, { resumed: from > 0, replay_from: from + 1 }));
    this.#replay(socket, from);
  }

  #replay(socket: FakeWebSocket, after: number): void {
    socket.say(...this.log.slice(after).map(asSeenByCustomer), synced(this.log.length));
  }

  #onMessage(socket: FakeWebSocket, { data, ref }: Extract<ClientFrame, { event: "message" }>) {
    const known = this.log.find((it) => it.event === "message" && it.data.id === data.id);
    const fate = this.fate();
    if (fate === "cut before it was stored") return this.cut();
    if (known === undefined && this.#mustRefuse(data.id, fate)) {
      return socket.say({ event: "nack", ...withRef(ref), data: { id: data.id, ...TRY_AGAIN } });
    }
    if (known === undefined) {
      this.#store({ id: data.id, role: "customer", userId: CUSTOMER, content: data.content });
    }
    const place = known?.seq ?? this.log.length;
    if (fate === "cut before the answer") return this.cut();
    if (fate === "lost") return;
    const dup = known !== undefined;
    socket.say({
      event: "delivered",
      ...withRef(ref),
      ...(dup ? {} : { seq: place }),
      data: { id: data.id, seq: place, ts: TS, dup },
    });
  }

  /** After a refusal every other new id is refused until the refused one comes again. */
  #mustRefuse(id: string, fate: Fate): boolean {
    if (this.#refused !== undefined && this.#refused !== id) return true;
    this.#refused = fate === "refused" ? id : undefined;
    return fate === "refused";
  }

  #store(data: {
    id: string;
    role: "agent" | "customer";
    userId: string;
    content: string;
    visibility?: "public" | "agents";
  }): void {
    const whole = { type: "text", ts: TS, visibility: "public" as const, ...data };
    this.log.push({ event: "message", seq: this.log.length + 1, data: whole });
  }

  #tell(frame: DurableFrame): void {
    for (const socket of this.sockets) socket.say(asSeenByCustomer(frame));
  }
}

const TRY_AGAIN = {
  code: "UNAVAILABLE",
  retryable: true,
  ambiguous: true,
  reason: "Not confirmed yet.",
} as const;

function withRef(ref: number | undefined): Pick<ServerFrame, "ref"> {
  return ref === undefined ? {} : { ref };
}

function asSeenByCustomer(frame: DurableFrame): DurableFrame {
  const isNote = frame.event === "message" && frame.data.visibility === "agents";
  return isNote ? { event: "void", seq: frame.seq, data: {} } : frame;
}

/** The one call of the API that a visitor needs to begin. */
export function fakeFetch(): typeof fetch {
  return async () =>
    Response.json({
      token: "t-1",
      refreshToken: "r-1",
      expiresAt: TS,
      contactId: CUSTOMER,
      conversationId: CONV,
    });
}
