import {
  type Change,
  type ConversationView,
  type Message,
  type MessageStatus,
  messageStatus,
  type PendingMessage,
} from "@chorus/sdk";
import { Fragment } from "react";
import type { Person } from "./conversation-pane";
import { Icon, type IconName } from "./icon";
import { RichText } from "./rich-text";
import { clockTime, dayName } from "./words";

interface RowsProps {
  readonly view: ConversationView;
  readonly customer: Person;
  readonly isOnline: boolean;
  readonly onRetry: (id: string) => void;
  readonly onDiscard: (id: string) => void;
}

const STATUS: Record<MessageStatus, { readonly icon: IconName; readonly word: string }> = {
  sent: { icon: "check", word: "Sent" },
  delivered: { icon: "checks", word: "Delivered" },
  read: { icon: "checks", word: "Read" },
};

export function TimelineRows({ view, customer, isOnline, onRetry, onDiscard }: RowsProps) {
  let day = "";
  return (
    <>
      {view.items.map((item) => {
        if (item.kind === "change") return <ChangeRow key={item.seq} change={item} />;
        const today = dayName(item.ts);
        const isFirstOfDay = today !== day;
        day = today;
        return (
          <Fragment key={item.id}>
            {isFirstOfDay && <p className="day">{today}</p>}
            <MessageRow view={view} message={item} author={authorOf(view, customer, item)} />
          </Fragment>
        );
      })}
      {view.pending.map((entry) => (
        <PendingRow
          key={entry.id}
          entry={entry}
          isOnline={isOnline}
          onRetry={onRetry}
          onDiscard={onDiscard}
        />
      ))}
    </>
  );
}

function authorOf(view: ConversationView, customer: Person, message: Message): string {
  if (message.role === "customer") return customer.name;
  if (message.role !== "agent") return message.role === "bot" ? "Bot" : "System";
  return message.userId === view.self ? "You" : "A colleague";
}

interface MessageRowProps {
  readonly view: ConversationView;
  readonly message: Message;
  readonly author: string;
}

function MessageRow({ view, message, author }: MessageRowProps) {
  if (message.role === "system") return <ToldRow message={message} />;
  const isNote = message.visibility === "agents";
  const side = message.role === "customer" ? "customer" : "staff";
  const status = messageStatus(view, message);
  const showsStatus = message.userId === view.self && !isNote;
  return (
    <article
      className={`message ${side} ${isNote ? "note" : ""}`}
      data-message={message.id}
      data-seq={message.seq}
      data-status={showsStatus ? status : undefined}
    >
      {isNote && <NoteLabel />}
      <div className="bubble">
        {message.deleted ? <em>This message was deleted</em> : <RichText text={message.content} />}
      </div>
      <p className="meta">
        <span dir="auto">{author}</span>
        <time dateTime={message.ts}>{clockTime(message.ts)}</time>
        {message.edited && !message.deleted && <span>edited</span>}
        {isConcealed(message) && <span>{message.visibility}</span>}
        {showsStatus && (
          <span className={`mark ${status}`}>
            <Icon name={STATUS[status].icon} size={14} /> {STATUS[status].word}
          </span>
        )}
      </p>
    </article>
  );
}

/** What the system told the customer: it belongs to the change above it. */
function ToldRow({ message }: { readonly message: Message }) {
  return (
    <p className="change" dir="auto" data-message={message.id} data-seq={message.seq}>
      {message.content}
    </p>
  );
}

function isConcealed({ visibility }: Message): boolean {
  return visibility === "hidden" || visibility === "shadowed";
}

function NoteLabel() {
  return (
    <p className="note-label">
      <Icon name="note" size={14} /> Note: only your team sees this
    </p>
  );
}

interface PendingRowProps extends Pick<RowsProps, "isOnline" | "onRetry" | "onDiscard"> {
  readonly entry: PendingMessage;
}

function PendingRow({ entry, isOnline, onRetry, onDiscard }: PendingRowProps) {
  const isNote = entry.body.visibility === "agents";
  return (
    <article
      className={`message staff pending ${isNote ? "note" : ""}`}
      data-message={entry.id}
      data-status={entry.status}
    >
      {isNote && <NoteLabel />}
      <div className="bubble">
        <RichText text={entry.body.content} />
      </div>
      {entry.status === "failed" ? (
        <p className="meta failure">
          <Icon name="alert" size={14} /> Not sent: {entry.failure?.reason}
          <button type="button" className="link-button" onClick={() => onRetry(entry.id)}>
            {entry.failure?.code === "STALE_VIEW" ? "Send anyway" : "Try again"}
          </button>
          <button type="button" className="link-button" onClick={() => onDiscard(entry.id)}>
            Remove
          </button>
        </p>
      ) : (
        <p className="meta">
          <Icon name="clock" size={14} />{" "}
          {isOnline ? "Sending…" : "Will be sent when you are back online"}
        </p>
      )}
    </article>
  );
}

function ChangeRow({ change }: { readonly change: Change }) {
  const words = wordsOf(change);
  return words === null ? null : <p className="change">{words}</p>;
}

function wordsOf({ frame }: Change): string | null {
  switch (frame.event) {
    case "handoff":
      if (frame.data.reason === "customer_idle") return null;
      return frame.data.state === "active"
        ? `${frame.data.agent?.name ?? "An agent"} took the conversation`
        : `Handoff: ${frame.data.state.replace("_", " ")}`;
    case "participant":
      return frame.data.role === "agent" ? `An agent ${frame.data.change}` : null;
    case "conversation.closed":
      return "The conversation was resolved";
    case "conversation.updated":
      if (frame.data.contact !== undefined) {
        return `The customer left: ${Object.values(frame.data.contact).join(", ")}`;
      }
      return frame.data.status === undefined ? null : `Status: ${frame.data.status}`;
    default:
      return null;
  }
}
