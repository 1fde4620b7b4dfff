import type { Change, InboxItem, Message } from "@chorus/sdk";
import type { DurableFrame } from "@chorus/sdk/frames";

/** Things as they come from the server, for tests. */

export const ME = "01936b5e-0000-7000-8000-00000000000a";
export const COLLEAGUE = "01936b5e-0000-7000-8000-00000000000b";
export const CUSTOMER = "01936b5e-0000-7000-8000-00000000000c";
export const CONV = "01936b5e-0000-7000-8000-000000000001";

export function message(seq: number, more: Partial<Message> = {}): Message {
  return {
    kind: "message",
    seq,
    id: `m-${seq}`,
    role: "customer",
    userId: CUSTOMER,
    content: `said at ${seq}`,
    type: "text",
    visibility: "public",
    ts: new Date(Date.UTC(2026, 10, 21, 9, 0, seq)).toISOString(),
    replyTo: null,
    attachments: [],
    rev: 0,
    edited: false,
    deleted: false,
    hidden: false,
    ...more,
  };
}

export function change(seq: number, frame: object): Change {
  return { kind: "change", seq, frame: { ...frame, seq } as DurableFrame };
}

export function handoff(seq: number, state: string, session = "s-1"): Change {
  const data = { state, session, floor: { holder: "none", epoch: 1 } };
  return change(seq, { event: "handoff", data });
}

export function row(conv: string, more: Partial<InboxItem> = {}): InboxItem {
  return {
    conv,
    rev: 1,
    status: "open",
    floor: { holder: "none", epoch: 0 },
    contact: { id: CUSTOMER, verified: false },
    preview: "",
    unread: 0,
    priority: 0,
    tags: [],
    channel: "web",
    last_ts: "2026-11-21T09:00:00.000Z",
    ...more,
  };
}
