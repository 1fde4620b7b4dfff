import {
  type ConversationView,
  type Message,
  type MessageStatus,
  messageStatus,
} from "@chorus/sdk";
import { Bot, Check, CheckCheck, EyeOff, Sparkles, StickyNote } from "lucide-react";
import { useBotName } from "../../shared/api/queries";
import { filesIn } from "../../shared/files/cards";
import { FileList } from "../../shared/files/file-view";
import { Avatar } from "../../shared/ui/avatar";
import { cx } from "../../shared/ui/class";
import { RichText } from "../../shared/ui/rich-text";
import { clockTime } from "../../shared/words/time";
import { useWords } from "../../shared/words/words";
import { MessageMenu } from "./message-menu";

interface MessageRowProps {
  readonly view: ConversationView;
  readonly message: Message;
  readonly goesOn: boolean;
  readonly customer: string;
  readonly names: ReadonlyMap<string, string>;
  readonly isAnchor: boolean;
}

export function MessageRow(props: MessageRowProps) {
  const { view, message, goesOn, isAnchor } = props;
  const isNote = message.visibility === "agents";
  const isOwn = message.role !== "customer";
  const showsStatus = message.userId === view.self && !isNote;
  const status = messageStatus(view, message);
  return (
    <article
      data-message={message.id}
      data-seq={message.seq}
      data-status={showsStatus ? status : undefined}
      className={cx(
        "group/message flex gap-2.5",
        goesOn ? "pt-1" : "pt-3",
        isOwn && "flex-row-reverse",
      )}
    >
      <Face {...props} />
      <div
        className={cx("flex max-w-[min(80%,40rem)] min-w-0 flex-col gap-1", isOwn && "items-end")}
      >
        {!goesOn && <Author {...props} />}
        <div className={cx("flex max-w-full items-center gap-1", isOwn && "flex-row-reverse")}>
          <div className={cx(bubbleLook(message, isOwn), isAnchor && "ring-2 ring-accent")}>
            {isNote && <NoteLabel isSuggestion={message.type === "suggestion"} />}
            <Body message={message} />
            <FileList files={filesIn(message)} />
          </div>
          <MessageMenu conv={view.id} message={message} />
        </div>
        <Foot message={message} status={showsStatus ? status : null} goesOn={goesOn} />
      </div>
    </article>
  );
}

function bubbleLook({ role, visibility }: Message, isOwn: boolean): string {
  const ground =
    visibility === "agents"
      ? "note-bubble border border-note-line bg-note text-note-ink"
      : role === "bot"
        ? "bg-(--bot-soft)"
        : isOwn
          ? "bg-own"
          : "border border-line bg-surface";
  const corner = isOwn ? "rounded-se-sm" : "rounded-ss-sm";
  return `w-fit max-w-full min-w-0 rounded-2xl px-3.5 py-2 ${corner} ${ground}`;
}

function Face({ message, goesOn, customer, names, view }: MessageRowProps) {
  const { t } = useWords();
  if (goesOn) return <span className="w-7 shrink-0" />;
  if (message.role === "bot") {
    return (
      <span className="inline-flex size-7 shrink-0 items-center justify-center rounded-full badge-bot">
        <Bot className="size-4" aria-hidden="true" />
      </span>
    );
  }
  const id = message.userId ?? view.id;
  const name = message.role === "customer" ? customer : (names.get(id) ?? t("colleague"));
  return <Avatar id={id} name={name} size="small" />;
}

function Author({ message, customer, names, view }: MessageRowProps) {
  const { t } = useWords();
  const name = () => {
    if (message.role === "customer") return customer;
    if (message.role === "bot") return <BotName conv={view.id} seq={message.seq} />;
    if (message.userId === view.self) return t("you");
    return names.get(message.userId ?? "") ?? t("colleague");
  };
  return (
    <p className="px-1 text-xs font-medium text-muted">
      <bdi>{name()}</bdi>
    </p>
  );
}

function BotName({ conv, seq }: { readonly conv: string; readonly seq: number }) {
  return useBotName(conv, seq);
}

export function NoteLabel({ isSuggestion = false }: { readonly isSuggestion?: boolean }) {
  const { t } = useWords();
  const Sign = isSuggestion ? Sparkles : StickyNote;
  return (
    <p className="mb-1 flex items-center gap-1.5 text-xs font-semibold">
      <Sign className="size-3.5" aria-hidden="true" />
      {t(isSuggestion ? "suggestionLabel" : "noteLabel")}
    </p>
  );
}

function Body({ message }: { readonly message: Message }) {
  const { t } = useWords();
  if (message.deleted) return <em className="text-muted">{t("deleted")}</em>;
  return message.content === "" ? null : <RichText text={message.content} />;
}

const MARKS: Record<MessageStatus, typeof Check> = {
  sent: Check,
  delivered: CheckCheck,
  read: CheckCheck,
};

interface FootProps {
  readonly message: Message;
  readonly status: MessageStatus | null;
  readonly goesOn: boolean;
}

function Foot({ message, status }: FootProps) {
  const words = useWords();
  const Sign = status === null ? null : MARKS[status];
  const isConcealed = message.visibility === "hidden" || message.visibility === "shadowed";
  return (
    <p className="flex items-center gap-1.5 px-1 text-[11px] text-muted">
      <time dateTime={message.ts}>{clockTime(message.ts, words)}</time>
      {message.edited && !message.deleted && <span>{words.t("edited")}</span>}
      {isConcealed && (
        <span className="inline-flex items-center gap-1 font-medium text-danger">
          <EyeOff className="size-3" aria-hidden="true" />
          {words.t(message.visibility === "hidden" ? "hiddenMessage" : "shadowedMessage")}
        </span>
      )}
      {Sign !== null && status !== null && (
        <span
          className={cx(
            "inline-flex items-center gap-0.5",
            status === "read" && "text-accent-text",
          )}
        >
          <Sign className="size-3.5" aria-hidden="true" />
          {words.t(status)}
        </span>
      )}
    </p>
  );
}
