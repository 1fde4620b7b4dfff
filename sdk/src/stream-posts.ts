import type { CommandEvent, ServerData } from "./frames";
import type { ClientFrame, ServerFrame } from "./wire.gen";

type Nack = ServerData<"nack">;
type MessageFrame = Extract<ClientFrame, { event: "message" }>;
type Posted = Extract<ClientFrame, { event: CommandEvent | "message" }>;
/** What the API answers a message or a command with. */
type Answer = Pick<ServerData<"delivered">, "seq" | "ts" | "dup">;

const TIMEOUT_MS = 10_000;
/** For how long others wait for a refused message; a socket's server is as patient. */
const GATE_MS = 5_000;
const RETRYABLE: ReadonlySet<string> = new Set([
  "ATTACHMENT_PENDING",
  "OVERLOADED",
  "RATE_LIMITED",
  "UNAUTHENTICATED",
  "UNAVAILABLE",
]);

/**
 * What a socket would send as frames, by POST: one after the other, so that their order stays.
 *
 * After a message that may come again, every other new one gets the same answer until it does.
 */
export class Posts {
  readonly #base: string;
  readonly #answer: (frame: ServerFrame) => void;
  readonly #aborted = new AbortController();
  #queue: Promise<void> = Promise.resolve();
  #gate: { readonly id: string; readonly nack: Nack; readonly untilMs: number } | undefined;
  token: string;

  /** `base` is the address of the conversation; `answer` gets `delivered` and `nack`. */
  constructor(base: string, token: string, answer: (frame: ServerFrame) => void) {
    this.#base = base;
    this.token = token;
    this.#answer = answer;
  }

  /** Post a frame that is to be answered; any other is of no weight and stays here. */
  add(frame: ClientFrame): void {
    if (!isPosted(frame)) return;
    this.#queue = this.#queue.then(() => this.#post(frame));
  }

  /** Tell that a message was received or read. A lost receipt is made good by the next one. */
  async acknowledge(id: string | undefined, kind: "delivered" | "read"): Promise<void> {
    if (id === undefined) return;
    const root = this.#base.slice(0, this.#base.indexOf("/livechat/"));
    await this.#fetch(`${root}/livechat/ack/${id}`, { kind }).catch(() => undefined);
  }

  /** The highest place of the conversation; undefined when the server cannot be asked. */
  async head(): Promise<number | undefined> {
    try {
      const response = await this.#fetch(`${this.#base}/messages?limit=1`);
      const page = (await response.json()) as { headSeq?: number };
      return response.ok ? page.headSeq : undefined;
    } catch {
      return undefined;
    }
  }

  close(): void {
    this.#aborted.abort();
  }

  async #post(frame: Posted): Promise<void> {
    if (this.#aborted.signal.aborted) return;
    const held = this.#heldBack(frame);
    if (held !== undefined) return this.#refuse(frame, held);
    try {
      const [path, body] = request(frame);
      const response = await this.#fetch(this.#base + path, body);
      if (response.ok) return this.#deliver(frame, (await response.json()) as Answer);
      const problem: unknown = await response.json().catch(() => null);
      this.#refuse(frame, nackOf(response, problem));
    } catch {
      this.#refuse(frame, UNHEARD);
    }
  }

  #heldBack({ event, data }: Posted): Nack | undefined {
    if (event !== "message" || this.#gate === undefined) return undefined;
    const { id, nack, untilMs } = this.#gate;
    if (data.id !== id && Date.now() < untilMs) return nack;
    this.#gate = undefined;
    return undefined;
  }

  #deliver(frame: Posted, { seq, ts, dup }: Answer): void {
    const place = seq == null ? {} : { seq };
    // On a socket this answer is the event itself; a command's event comes by itself.
    const isEvent = frame.event === "message" && !dup;
    const data = { id: frame.data.id, ts, dup, ...place };
    this.#answer({ event: "delivered", data, ...withRef(frame), ...(isEvent ? place : {}) });
  }

  #refuse(frame: Posted, nack: Nack): void {
    const { id } = frame.data;
    if (frame.event === "message" && nack.retryable) {
      this.#gate ??= { id, nack, untilMs: Date.now() + GATE_MS };
    }
    this.#answer({ event: "nack", data: { ...nack, id }, ...withRef(frame) });
  }

  #fetch(url: string, body?: unknown): Promise<Response> {
    const signal = AbortSignal.any([this.#aborted.signal, AbortSignal.timeout(TIMEOUT_MS)]);
    const headers = { Authorization: `Bearer ${this.token}` };
    if (body === undefined) return fetch(url, { headers, signal });
    return fetch(url, {
      method: "POST",
      headers: { ...headers, "Content-Type": "application/json" },
      body: JSON.stringify(body),
      signal,
    });
  }
}

const UNHEARD: Nack = {
  code: "UNAVAILABLE",
  retryable: true,
  ambiguous: true,
  reason: "The chat cannot be reached right now.",
};

function isPosted(frame: ClientFrame): frame is Posted {
  return "id" in frame.data;
}

function request(frame: Posted): [string, unknown] {
  if (frame.event === "message") return ["/messages", camelCased(frame.data)];
  return ["/commands", { event: frame.event, data: frame.data }];
}

/** The API spells the fields of a message its own way. */
function camelCased(data: MessageFrame["data"]): Record<string, unknown> {
  return Object.fromEntries(
    Object.entries(data).map(([name, value]) => [
      name.replace(/_([a-z])/gu, (_, letter: string) => letter.toUpperCase()),
      value,
    ]),
  );
}

function withRef({ ref }: Posted): { ref?: number } {
  return ref === undefined ? {} : { ref };
}

/** A refusal of the API as a socket would have said it. */
function nackOf({ status, headers }: Response, problem: unknown): Nack {
  const { code, detail } = (problem ?? {}) as { code?: string; detail?: string };
  if (status >= 500 && (code === undefined || !RETRYABLE.has(code))) return UNHEARD;
  const waitS = Number(headers.get("Retry-After") ?? 0);
  return {
    code: (code ?? "INVALID") as Nack["code"],
    retryable: code !== undefined && RETRYABLE.has(code),
    ambiguous: code === "UNAVAILABLE",
    reason: detail ?? "The chat did not take this.",
    ...(waitS > 0 ? { retry_after_ms: waitS * 1_000 } : {}),
  };
}
