// The package entry: the one place that gathers names.
export { AgentAuth } from "./agent-auth";
export type { AgentClient, AgentOptions, AgentState } from "./agent-client";
export { createAgentClient, createVisitorClient } from "./client";
export { CLOSE } from "./codes";
export type { ConnectionStatus } from "./connection";
export type { KeyValueStorage } from "./credentials";
export { asChorusError, ChorusError } from "./errors";
export type { InboxItem } from "./frames";
export { type Inbox, inboxRows } from "./inbox";
export { linkify, type TextPart } from "./linkify";
export type { PendingMessage } from "./outbox";
export type { AgentProfile } from "./rest";
export { customerOf, type MessageStatus, messageStatus, unreadCount } from "./selectors";
export { browserStorage } from "./surroundings";
export type { ConversationView } from "./thread";
export type { Change, Message, TimelineItem } from "./timeline";
export { hasVisitorSession, type VisitorClient, type VisitorState } from "./visitor-client";
export { type InboxView, MAX_CONTENT_BYTES } from "./wire.gen";
