// The package entry: the one place that gathers names.
export { AgentAuth } from "./agent-auth";
export type { AgentClient, AgentOptions, AgentState } from "./agent-client";
export { createAgentClient, createVisitorClient, hasVisitor } from "./client";
export { CLOSE } from "./close";
export type { ConnectionStatus } from "./connection";
export type { KeyValueStorage } from "./credentials";
export { asChorusError, ChorusError } from "./errors";
export type { InboxItem } from "./frames";
export { type Inbox, inboxRows } from "./inbox";
export { linkify, type TextPart } from "./linkify";
export type { PendingMessage, SendOptions } from "./outbox";
export type { AgentProfile, Escalation, Traits } from "./rest";
export { customerOf, type MessageStatus, messageStatus, unreadCount } from "./selectors";
export { browserStorage } from "./surroundings";
export type { ConversationView } from "./thread";
export type { Change, Message, TimelineItem } from "./timeline";
export {
  type FileAccess,
  type FileInfo,
  type FileLink,
  fileLink,
  type Upload,
  uploadFile,
} from "./uploads";
export type { VisitorClient, VisitorOptions, VisitorState } from "./visitor-client";
export { type InboxView, MAX_CONTENT_BYTES } from "./wire.gen";
