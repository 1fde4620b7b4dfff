import {
  type Change,
  type ConversationView,
  type Message,
  type MessageStatus,
  messageStatus,
  type PendingMessage,
} from "@chorus/sdk";
import { Icon, type IconName } from "./icon";
import { nameOf } from "./people";
import { RichText } from "./rich-text";
import { TEXTS } from "./texts";
import { clockTime, dayKey, dayName } from "./time";

interface RowsProps {
  readonly conversation: ConversationView;
  readonly isOnline: boolean;
  readonly onRetry: (id: string) => void;
  readonly onDiscard: (id: string) => void;
}

const STATUS: Record<MessageStatus, { readonly icon: IconName; readonly word: string }> = {
  sent: { icon: "check", word: TEXTS.sent },
  delivered: { icon: "checks", word: TEXTS.delivered },
  read: { icon: "checks", word: TEXTS.read },
};

/** What was said and what happened, then what is on its way. */
export function TimelineRows({ conversation, isOnline, onRetry, onDiscard }: RowsProps) {
  const visible = conversation.items.filter((it) => it.kind === "change" || !it.hidden);
  const lastOwn = visible.findLast((it) => it.kind === "message" && isOwn(conversation, it));
  let day = "";
  return (
    <>
      {visible.map((item) => {
        if (item.kind === "change") return <ChangeRow key={item.seq} change={item} />;
        const isFirstOfDay = dayKey(item.ts) !== day;
        day = dayKey(item.ts);
        return (
          <MessageRow
            key={item.id}
            conversation={conversation}
            message={item}
            isFirstOfDay={isFirstOfDay}
            isLast={item === lastOwn && conversation.pending.length === 0}
          />
        );
      })}
      {conversation.pending.map((entry) => (
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

interface MessageRowProps {
  readonly conversation: ConversationView;
  readonly message: Message;
  readonly isFirstOfDay: boolean;
  readonly isLast: boolean;
}

function MessageRow({ conversation, message, isFirstOfDay, isLast }: MessageRowProps) {
  const own = isOwn(conversation, message);
  const status = messageStatus(conversation, message);
  return (
    <>
      {isFirstOfDay && <p class="day">{dayName(message.ts, Date.now())}</p>}
      <div
        class={`row ${own ? "own" : "other"}`}
        data-message={message.id}
        data-seq={message.seq}
        data-status={own ? status : undefined}
      >
        <span class="visually-hidden">
          {own ? TEXTS.you : nameOf(conversation, message.userId)}
        </span>
        <div class="bubble">
          {message.deleted ? <em>{TEXTS.deleted}</em> : <RichText text={message.content} />}
        </div>
        <p class="meta">
          <time dateTime={message.ts}>{clockTime(message.ts)}</time>
          {message.edited && !message.deleted && ` · ${TEXTS.edited}`}
          {own && <StatusMark status={status} isSpelledOut={isLast} />}
        </p>
      </div>
    </>
  );
}

interface StatusMarkProps {
  readonly status: MessageStatus;
  readonly isSpelledOut: boolean;
}

function StatusMark({ status, isSpelledOut }: StatusMarkProps) {
  const { icon, word } = STATUS[status];
  return (
    <span class={`mark ${status}`}>
      <Icon name={icon} size={14} />
      <span class={isSpelledOut ? "" : "visually-hidden"}>{word}</span>
    </span>
  );
}

interface PendingRowProps extends Omit<RowsProps, "conversation"> {
  readonly entry: PendingMessage;
}

function PendingRow({ entry, isOnline, onRetry, onDiscard }: PendingRowProps) {
  const failed = entry.status === "failed";
  return (
    <div class="row own" data-message={entry.id} data-status={entry.status}>
      <span class="visually-hidden">{TEXTS.you}</span>
      <div class={`bubble ${failed ? "failed" : "sending"}`}>
        <RichText text={entry.body.content} />
      </div>
      {failed ? (
        <p class="meta failure">
          <Icon name="alert" size={14} /> {TEXTS.failed}: {entry.failure?.reason}
          <button type="button" class="link-button" onClick={() => onRetry(entry.id)}>
            {TEXTS.retry}
          </button>
          <button type="button" class="link-button" onClick={() => onDiscard(entry.id)}>
            {TEXTS.discard}
          </button>
        </p>
      ) : (
        <p class="meta">
          <Icon name="clock" size={14} /> {isOnline ? TEXTS.sending : TEXTS.waiting}
        </p>
      )}
    </div>
  );
}

function ChangeRow({ change }: { readonly change: Change }) {
  const words = wordsOf(change);
  return words === null ? null : <p class="change">{words}</p>;
}

function wordsOf({ frame }: Change): string | null {
  if (frame.event === "conversation.closed") return TEXTS.closed;
  if (frame.event !== "handoff") return null;
  const { state, agent } = frame.data;
  if (state === "active") return TEXTS.joined(agent?.name ?? TEXTS.someone);
  return state === "requested" || state === "queued" ? TEXTS.waitingForAgent : null;
}

function isOwn(conversation: ConversationView, message: Message): boolean {
  return message.userId === null
    ? message.role === "customer"
    : message.userId === conversation.self;
}
