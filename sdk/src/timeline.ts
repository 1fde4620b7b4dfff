import type { DurableFrame, FloorState, ServerData } from "./frames";
import type { FileInfo } from "./uploads";
import type { ConversationStatus, Role, SessionState, Visibility } from "./wire.gen";

export interface Message {
  readonly kind: "message";
  readonly seq: number;
  readonly id: string;
  readonly role: Role;
  readonly userId: string | null;
  readonly content: string;
  readonly type: string;
  readonly visibility: Visibility;
  readonly ts: string;
  readonly replyTo: string | null;
  readonly attachments: readonly string[];
  /** What `attachments` names; absent where the server did not say. */
  readonly files?: readonly FileInfo[] | undefined;
  readonly rev: number;
  readonly edited: boolean;
  readonly deleted: boolean;
  /** Moderated away for this reader: keep its place, draw nothing. */
  readonly hidden: boolean;
}

/** A change of state that has a place in the conversation. */
export interface Change {
  readonly kind: "change";
  readonly seq: number;
  readonly frame: DurableFrame;
}

export type TimelineItem = Message | Change;

/** Whose eyes these are: agents keep what was moderated away from customers. */
export type Viewer = "customer" | "agent";

export interface LiveSession {
  readonly id: string;
  readonly state: SessionState;
  readonly agent: { readonly userId: string; readonly name: string | null } | null;
}

/** What durable frames alone decide: equal for every reader with the same rights. */
export interface Timeline {
  readonly viewer: Viewer;
  readonly seq: number;
  readonly items: readonly TimelineItem[];
  readonly status: ConversationStatus;
  readonly floor: FloorState | null;
  readonly session: LiveSession | null;
  readonly queue: string | null;
  readonly position: number | null;
  readonly etaS: number | null;
  readonly assignee: string | null;
  readonly rateable: boolean;
  readonly participants: Readonly<Record<string, Role>>;
  readonly attachments: Readonly<Record<string, ServerData<"attachment">>>;
}

export const EMPTY_TIMELINE: Omit<Timeline, "viewer"> = {
  seq: 0,
  items: [],
  status: "open",
  floor: null,
  session: null,
  queue: null,
  position: null,
  etaS: null,
  assignee: null,
  rateable: false,
  participants: {},
  attachments: {},
};

/** A long thread keeps its newest part in memory; older pages are read again on demand. */
export const MAX_ITEMS = 2_000;

/** Apply the event whose turn it is. The caller guarantees `frame.seq == timeline.seq + 1`. */
export function applyDurable<T extends Timeline>(timeline: T, frame: DurableFrame): T {
  return { ...timeline, ...changes(timeline, frame), seq: frame.seq };
}

function changes(timeline: Timeline, frame: DurableFrame): Partial<Timeline> {
  switch (frame.event) {
    case "message":
      return append(timeline, toMessage(frame.data, frame.seq));
    case "message.updated":
      return { items: updateMessage(timeline, frame.data) };
    case "message.deleted":
      return { items: withMessage(timeline.items, frame.data.target, tombstone) };
    case "handoff":
      return { ...append(timeline, asChange(frame)), ...handedOff(timeline, frame.data) };
    case "participant":
      return { ...append(timeline, asChange(frame)), ...joinedOrLeft(timeline, frame.data) };
    case "conversation.updated":
      return { ...append(timeline, asChange(frame)), ...updated(timeline, frame.data) };
    case "conversation.closed":
      return {
        ...append(timeline, asChange(frame)),
        status: "closed",
        rateable: frame.data.csat === true,
      };
    case "attachment":
      return { attachments: { ...timeline.attachments, [frame.data.id]: frame.data } };
    default:
      // `void`, and whatever a newer server may say: it has its place and draws nothing.
      return {};
  }
}

type WithFiles = ServerData<"message"> & Pick<Message, "files">;

export function toMessage(data: ServerData<"message">, seq: number): Message {
  return {
    kind: "message",
    seq,
    id: data.id,
    role: data.role,
    userId: data.userId ?? null,
    content: data.content ?? "",
    type: data.type,
    visibility: data.visibility,
    ts: data.ts,
    replyTo: data.reply_to ?? null,
    attachments: data.attachments ?? [],
    files: (data as WithFiles).files,
    rev: data.rev ?? 0,
    edited: data.edited_at !== undefined,
    deleted: data.content === undefined,
    hidden: false,
  };
}

function append(timeline: Timeline, item: TimelineItem): Pick<Timeline, "items"> {
  return { items: [...timeline.items, item].slice(-MAX_ITEMS) };
}

function asChange(frame: DurableFrame): Change {
  return { kind: "change", seq: frame.seq, frame };
}

function withMessage(
  items: readonly TimelineItem[],
  id: string,
  change: (message: Message) => Message,
): readonly TimelineItem[] {
  return items.map((item) => (item.kind === "message" && item.id === id ? change(item) : item));
}

function tombstone(message: Message): Message {
  return { ...message, content: "", deleted: true };
}

function updateMessage(
  { items, viewer }: Timeline,
  { target, content, visibility, rev }: ServerData<"message.updated">,
): readonly TimelineItem[] {
  return withMessage(items, target, (message) => {
    if (rev < message.rev || message.deleted) return message;
    const moderated = visibility !== undefined;
    const hidden = moderated ? concealed(viewer, message, visibility) : message.hidden;
    return {
      ...message,
      rev,
      content: hidden ? "" : (content ?? message.content),
      visibility: visibility ?? message.visibility,
      edited: message.edited || !moderated,
      hidden,
    };
  });
}

/** The author of a shadowed message goes on seeing it as sent; that is the point of it. */
function concealed(viewer: Viewer, message: Message, visibility: Visibility): boolean {
  if (viewer === "agent" || visibility === "public") return false;
  return visibility !== "shadowed" || message.role !== "customer";
}

function handedOff(timeline: Timeline, data: ServerData<"handoff">): Partial<Timeline> {
  const waiting = data.state === "requested" || data.state === "queued" || data.state === "offered";
  return {
    floor: newerFloor(timeline.floor, data.floor),
    session: { id: data.session, state: data.state, agent: agentOf(timeline, data) },
    queue: data.queue ?? (waiting ? timeline.queue : null),
    position: waiting ? (data.position ?? timeline.position) : null,
    etaS: waiting ? (data.eta_s ?? timeline.etaS) : null,
  };
}

/** The floor is fenced: what was said of an older epoch is history, however late it comes. */
export function newerFloor(known: FloorState | null, told: FloorState | null | undefined) {
  if (told === null || told === undefined) return known;
  return known !== null && known.epoch > told.epoch ? known : told;
}

function agentOf(timeline: Timeline, data: ServerData<"handoff">): LiveSession["agent"] {
  if (data.agent !== undefined) {
    return { userId: data.agent.userId, name: data.agent.name ?? null };
  }
  const stays = data.state === "active" || data.state === "wrap_up";
  return stays && timeline.session?.id === data.session ? timeline.session.agent : null;
}

function joinedOrLeft(timeline: Timeline, data: ServerData<"participant">): Partial<Timeline> {
  if (data.change === "joined") {
    return { participants: { ...timeline.participants, [data.userId]: data.role } };
  }
  const { [data.userId]: _, ...rest } = timeline.participants;
  return { participants: rest };
}

function updated(timeline: Timeline, data: ServerData<"conversation.updated">): Partial<Timeline> {
  return {
    status: data.status ?? timeline.status,
    floor: newerFloor(timeline.floor, data.floor),
    assignee: data.assignee ?? timeline.assignee,
    rateable: data.status === "open" ? false : timeline.rateable,
  };
}
