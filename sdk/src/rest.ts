import type { Facts, HistoryPage } from "./conversation";
import type { Credentials, Session } from "./credentials";
import { ChorusError } from "./errors";
import type { DurableFrame, FloorState, ServerData } from "./frames";
import type { FileInfo } from "./uploads";
import type { ConversationStatus, Role, SessionState, Visibility } from "./wire.gen";

export interface VisitorSession extends Session {
  readonly contactId: string;
  /** Null where the visitor is known but talks of nothing yet. */
  readonly conversationId: string | null;
}

/** What somebody says of themselves. Fields that are left out stay as they are. */
export interface Traits {
  readonly name?: string | undefined;
  readonly email?: string | undefined;
  readonly phone?: string | undefined;
  readonly locale?: string | undefined;
  readonly attributes?: Readonly<Record<string, unknown>> | undefined;
}

export interface Visit {
  readonly inboxKey: string;
  readonly traits?: Traits | undefined;
  /** Signed by the backend of the page: says who the visitor is. */
  readonly identityToken?: string | undefined;
  readonly conversationId?: string | undefined;
}

export interface Escalation {
  readonly conversationId: string;
  readonly reason?: string | undefined;
  readonly queue?: string | undefined;
  /** How the customer can be reached where nobody can come. */
  readonly contact?: Traits | undefined;
  readonly choice?: "wait" | "message" | "callback" | undefined;
}

export interface AgentProfile {
  readonly id: string;
  readonly name: string;
  readonly role: string;
}

export interface AgentSession extends Session {
  readonly agent: AgentProfile;
}

/** A row of the history as REST spells it. */
export interface HistoryItem {
  readonly seq: number;
  readonly id: string;
  readonly type: string;
  readonly role?: Role;
  readonly userId?: string | null;
  readonly visibility?: Visibility;
  readonly content?: string | null;
  readonly createdAt?: string;
  readonly editedAt?: string | null;
  readonly deletedAt?: string | null;
  readonly replyTo?: string | null;
  readonly attachments?: readonly string[] | null;
  readonly files?: readonly FileInfo[] | null;
  readonly event?: string;
  readonly data?: Record<string, unknown>;
}

export interface HistoryResponse {
  readonly items: readonly HistoryItem[];
  readonly nextCursor: string | number | null;
  readonly headSeq: number;
  readonly epoch: string;
}

/** All that a reader of one conversation needs, in one read. */
export interface Snapshot {
  readonly id: string;
  readonly status: ConversationStatus;
  readonly epoch: string;
  readonly headSeq: number;
  readonly firstSeq: number;
  readonly floor: FloorState | null;
  readonly session: { readonly id: string; readonly state: SessionState } | null;
  readonly queue: string | null;
  readonly position: number | null;
  readonly etaSeconds: number | null;
  readonly assignee: string | { readonly id: string } | null;
  readonly contact: { readonly id: string; readonly name: string | null } | null;
  readonly receipts: readonly { userId: string; delivered: number; read: number }[];
  readonly messages: readonly HistoryItem[];
}

export interface Call {
  readonly method?: "GET" | "POST" | "PUT" | "PATCH" | "DELETE";
  readonly body?: unknown;
  readonly query?: Readonly<Record<string, string | number | undefined>>;
  readonly credentials?: Credentials | undefined;
  /** It has to arrive although the page goes away. */
  readonly keepalive?: boolean;
}

/** Which part of a history: `before` and `after` exclude the place they name. */
export interface Stretch {
  readonly before?: number;
  readonly after?: number;
  readonly limit?: number;
}

const TIMEOUT_MS = 10_000;

/** Typed calls of the chat API. Every one ends within ten seconds or raises ChorusError. */
export class Rest {
  readonly #base: string;

  constructor(apiBase: string) {
    this.#base = apiBase.replace(/\/+$/u, "");
  }

  /** Become a visitor, or, with `credentials`, tell more about the one they are of. */
  createVisitor(visit: Visit, credentials?: Credentials): Promise<VisitorSession> {
    return this.call("/livechat/visitors", { method: "POST", body: visit, credentials });
  }

  /** Ask for a person, with what a frame has no room for. */
  escalate(body: Escalation, credentials: Credentials): Promise<unknown> {
    return this.call("/livechat/escalate", { method: "POST", body, credentials });
  }

  refresh<S extends Session>(refreshToken: string): Promise<S> {
    return this.call("/auth/refresh", { method: "POST", body: { refreshToken } });
  }

  /** Start a new conversation of the same visitor; the same id is the same one. */
  startConversation(
    id: string,
    credentials: Credentials,
    attributes?: Readonly<Record<string, unknown>>,
  ): Promise<{ id: string }> {
    const body = { id, attributes };
    return this.call("/livechat/conversations", { method: "POST", body, credentials });
  }

  snapshot(conv: string, credentials: Credentials): Promise<Snapshot> {
    return this.call(`/livechat/conversations/${conv}`, { credentials });
  }

  /** The newest page, or the one before or after a place. */
  async history(
    conv: string,
    credentials: Credentials,
    { before, after, limit = 200 }: Stretch = {},
  ): Promise<HistoryPage> {
    const from = after === undefined ? { before: before ?? Number.MAX_SAFE_INTEGER } : { after };
    const query = { ...from, limit };
    const path = `/livechat/conversations/${conv}/messages`;
    return toPage(await this.call<HistoryResponse>(path, { query, credentials }));
  }

  /** Any call of the API, for pages that need more than what has a name here. */
  async call<T>(path: string, call: Call): Promise<T> {
    const response = await this.#fetch(path, call);
    if (response.status !== 401 || call.credentials === undefined) return read<T>(response);
    await call.credentials.refresh();
    return read<T>(await this.#fetch(path, call));
  }

  async #fetch(path: string, call: Call) {
    const { method = "GET", body, query, credentials, keepalive = false } = call;
    const token = credentials?.token();
    try {
      return await fetch(this.#base + path + queryText(query), {
        method,
        keepalive,
        headers: {
          ...(body === undefined ? {} : { "Content-Type": "application/json" }),
          ...(token === undefined ? {} : { Authorization: `Bearer ${token}` }),
        },
        ...(body === undefined ? {} : { body: JSON.stringify(body) }),
        signal: AbortSignal.timeout(TIMEOUT_MS),
      });
    } catch {
      throw new ChorusError("UNREACHABLE", "The chat cannot be reached right now.");
    }
  }
}

function queryText(query: Call["query"]): string {
  const known = Object.entries(query ?? {}).filter(([, value]) => value !== undefined);
  if (known.length === 0) return "";
  return `?${new URLSearchParams(known.map(([name, value]) => [name, String(value)]))}`;
}

async function read<T>(response: Response): Promise<T> {
  if (response.status === 204) return undefined as T;
  // A proxy or a captive portal answers in HTML; that is a failure, not a crash.
  const body = (await response.json().catch(() => null)) as Record<string, unknown> | null;
  if (response.ok && body !== null) return body as T;
  const code = typeof body?.code === "string" ? body.code : `HTTP_${response.status}`;
  const detail = body?.detail ?? body?.title ?? "The chat answered with an error.";
  throw new ChorusError(code, String(detail), response.status);
}

export function toPage(response: HistoryResponse): HistoryPage {
  const { headSeq, epoch } = response;
  return { headSeq, epoch, frames: response.items.map(toFrame) };
}

/** A row of the history is the frame that once told of it, with what became of it since. */
export function toFrame(item: HistoryItem): DurableFrame {
  if (item.type === "void") return { event: "void", seq: item.seq, data: {} };
  if (item.type === "event") {
    return { event: item.event, seq: item.seq, data: item.data ?? {} } as DurableFrame;
  }
  const data: ServerData<"message"> = {
    id: item.id,
    role: item.role ?? "system",
    type: item.type,
    visibility: item.visibility ?? "public",
    ts: item.createdAt ?? "",
    ...(item.userId == null ? {} : { userId: item.userId }),
    ...(item.replyTo == null ? {} : { reply_to: item.replyTo }),
    ...(item.attachments == null ? {} : { attachments: [...item.attachments] }),
    ...(item.files == null ? {} : { files: item.files }),
    ...(item.editedAt == null ? {} : { edited_at: item.editedAt }),
    ...(item.deletedAt == null ? { content: item.content ?? "" } : {}),
  };
  return { event: "message", seq: item.seq, data };
}

/** What a snapshot tells a conversation besides its events. */
export function toFacts(snapshot: Snapshot): Facts {
  const { status, floor, session, queue, position, assignee, headSeq, firstSeq } = snapshot;
  return {
    status,
    floor,
    session: session === null ? null : { id: session.id, state: session.state, agent: null },
    queue: typeof queue === "string" ? queue : null,
    position,
    assignee: typeof assignee === "object" ? (assignee?.id ?? null) : assignee,
    headSeq,
    firstSeq,
    receipts: snapshot.receipts,
  };
}
