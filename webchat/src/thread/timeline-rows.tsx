import type {
  Change,
  ConversationView,
  FileInfo,
  Message,
  PendingMessage,
  TimelineItem,
} from "@chorus/sdk";
import { messageStatus } from "@chorus/sdk/selectors";
import { Icon } from "../panel/icon";
import { clockTime, dayKey } from "../panel/time";
import { useScene } from "../panel/use-scene";
import { t } from "../panel/words";
import { dayName } from "./days";
import { ROW_ICONS } from "./icons";
import { nameOf } from "./people";
import { RichText } from "./rich-text";
import { wordsOf } from "./words-of";

interface RowsProps {
  readonly conversation: ConversationView;
}

/** What was said and what happened, then what is on its way. */
export function TimelineRows({ conversation }: RowsProps) {
  const visible = conversation.items.filter((it) => it.kind === "change" || !it.hidden);
  const lastOwn = visible.findLast((it) => it.kind === "message" && isOwn(conversation, it));
  let day = "";
  return (
    <>
      {visible.map((item, place) => {
        if (item.kind === "change") {
          if (isTold(visible, place)) return null;
          return <ChangeRow key={item.seq} change={item} conversation={conversation} />;
        }
        if (item.role === "system") return <ToldRow key={item.id} message={item} />;
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
        <PendingRow key={entry.id} entry={entry} />
      ))}
    </>
  );
}

/** What the system says of a change; it comes in the visitor's language from the server. */
function ToldRow({ message }: { readonly message: Message }) {
  return (
    <p class="change" dir="auto" data-message={message.id} data-seq={message.seq}>
      {message.content}
    </p>
  );
}

/** Whether the system has put a change into words itself: just after it, or before the end. */
function isTold(items: readonly TimelineItem[], place: number): boolean {
  const change = items[place];
  const closes = change?.kind === "change" && change.frame.event === "conversation.closed";
  const near = closes
    ? items.slice(Math.max(0, place - 3), place)
    : items.slice(place + 1, place + 2);
  return near.some((it) => it.kind === "message" && it.role === "system");
}

interface MessageRowProps extends RowsProps {
  readonly message: Message;
  readonly isFirstOfDay: boolean;
  readonly isLast: boolean;
}

function MessageRow({ conversation, message, isFirstOfDay, isLast }: MessageRowProps) {
  const { tools } = useScene();
  const own = isOwn(conversation, message);
  const name = own ? t("you") : nameOf(conversation, message.userId, message.role);
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
        <span class="visually-hidden">{name}</span>
        {!own && tools !== undefined && <tools.Face userId={message.userId} name={name} />}
        <div class="bubble">
          <Quoted conversation={conversation} id={message.replyTo} />
          {message.deleted ? <em>{t("deleted")}</em> : <Said text={message.content} {...message} />}
        </div>
        <div class="meta">
          <time dateTime={message.ts}>{clockTime(message.ts)}</time>
          {message.edited && !message.deleted && <span>· {t("edited")}</span>}
          {own && (
            <span class={`mark ${status}`}>
              <Icon path={ROW_ICONS[status]} size={14} />
              <span class={isLast ? "" : "visually-hidden"}>{t(status)}</span>
            </span>
          )}
          {!message.deleted && conversation.status !== "closed" && <Reply message={message} />}
        </div>
      </div>
    </>
  );
}

interface SaidProps {
  readonly text: string;
  readonly files?: readonly FileInfo[] | undefined;
}

function Said({ text, files = [] }: SaidProps) {
  const { tools } = useScene();
  return (
    <>
      {text !== "" && <RichText text={text} />}
      {files.length > 0 && tools !== undefined && <tools.Files files={files} />}
    </>
  );
}

function Reply({ message }: { readonly message: Message }) {
  const scene = useScene();
  const reply = () => {
    scene.replyTo = message;
    scene.changed();
    (scene.host.root.querySelector("textarea") as HTMLElement | null)?.focus();
  };
  return (
    <button type="button" class="reply" aria-label={t("reply")} onClick={reply}>
      <Icon path={ROW_ICONS.reply} turns size={14} />
    </button>
  );
}

/** What a message answers, as it reads now; what is not loaded or gone is left out. */
function Quoted({ conversation, id }: RowsProps & { readonly id: string | null | undefined }) {
  const item = conversation.items.find((it) => it.kind === "message" && it.id === id);
  if (item?.kind !== "message" || item.deleted || item.hidden) return null;
  const name = isOwn(conversation, item) ? t("you") : nameOf(conversation, item.userId, item.role);
  return (
    <blockquote class="quoted">
      <span class="visually-hidden">{t("quoted", { name })}</span>
      <span dir="auto">{wordsOf(item)}</span>
    </blockquote>
  );
}

function PendingRow({ entry }: { readonly entry: PendingMessage }) {
  const { line, state } = useScene();
  const failed = entry.status === "failed";
  const isOnline = state.connection.phase === "online";
  return (
    <div class="row own" data-message={entry.id} data-status={entry.status}>
      <span class="visually-hidden">{t("you")}</span>
      <div class={`bubble ${failed ? "failed" : "sending"}`}>
        <Said text={entry.body.content} {...entry} />
      </div>
      {failed ? (
        <div class="meta failure">
          <Icon path={ROW_ICONS.alert} size={14} /> {t("failed")}: {entry.failure?.reason}
          <button
            type="button"
            class="link-button"
            onClick={() => void line.client?.retry(entry.id)}
          >
            {t("retry")}
          </button>
          <button
            type="button"
            class="link-button"
            onClick={() => void line.client?.discard(entry.id)}
          >
            {t("discard")}
          </button>
        </div>
      ) : (
        <p class="meta">
          <Icon path={ROW_ICONS.clock} size={14} /> {t(isOnline ? "sending" : "waiting")}
        </p>
      )}
    </div>
  );
}

function ChangeRow({ change, conversation }: RowsProps & { readonly change: Change }) {
  const words = wordsOfChange(change, conversation);
  return words === null ? null : <p class="change">{words}</p>;
}

/** What a visitor hears of a change; most of them are of no interest. */
function wordsOfChange({ frame, seq }: Change, { items }: ConversationView): string | null {
  if (frame.event === "conversation.closed") return t("closed");
  if (frame.event !== "handoff") return null;
  const { state, agent } = frame.data;
  const before = agentBefore(items, seq);
  if (state === "active" && agent?.userId !== before?.userId) {
    return t("joined", { name: agent?.name ?? t("team") });
  }
  const isOver = state !== "active" && state !== "wrap_up";
  if (before !== null && isOver) return t("left", { name: before.name ?? t("team") });
  return null;
}

interface Agent {
  readonly userId: string;
  readonly name?: string;
}

/** Who had the conversation until this place. */
function agentBefore(items: readonly TimelineItem[], seq: number): Agent | null {
  const last = items.findLast(
    (it): it is Change => it.kind === "change" && it.seq < seq && it.frame.event === "handoff",
  );
  if (last?.frame.event !== "handoff" || last.frame.data.state !== "active") return null;
  return last.frame.data.agent ?? null;
}

function isOwn(conversation: ConversationView, message: Message): boolean {
  return message.userId === null
    ? message.role === "customer"
    : message.userId === conversation.self;
}
