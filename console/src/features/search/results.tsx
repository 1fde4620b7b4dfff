import { Link } from "@tanstack/react-router";
import { BadgeCheck, SearchX, StickyNote } from "lucide-react";
import type { ReactNode } from "react";
import { usePages } from "../../shared/api/pages";
import { useNames } from "../../shared/api/queries";
import type { ConversationRow } from "../../shared/api/rows";
import { contactName } from "../../shared/domain/people";
import { Avatar } from "../../shared/ui/avatar";
import { ConversationLine } from "../../shared/ui/conversation-line";
import { Empty } from "../../shared/ui/empty";
import { More } from "../../shared/ui/more";
import { Answer } from "../../shared/ui/states";
import { useScreenWords } from "../../shared/words/screen-words";
import { dateTime } from "../../shared/words/time";
import { queryOf, type SearchParams } from "./search-params";
import type { FoundContact, FoundMessage } from "./shapes";

/** What was found, the latest first. */
export function Results({ params }: { readonly params: SearchParams }) {
  const { kind = "messages" } = params;
  if (kind === "contacts") return <Listing params={params} show={showContact} />;
  if (kind === "conversations") return <Listing params={params} show={showConversation} />;
  return <Listing params={params} show={showMessage} />;
}

const showContact = (one: FoundContact) => <ContactHit key={one.id} contact={one} />;
const showConversation = (one: ConversationRow) => <ConversationLine key={one.id} row={one} />;
const showMessage = (one: FoundMessage) => <MessageHit key={one.id} message={one} />;

interface ListingProps<T> {
  readonly params: SearchParams;
  readonly show: (one: T) => ReactNode;
}

function Listing<T>({ params, show }: ListingProps<T>) {
  const { t } = useScreenWords();
  const found = usePages<T>("/livechat/search", { ...queryOf(params), limit: 20 });
  return (
    <section
      aria-label={t("found")}
      aria-busy={found.isFetching}
      className={`overflow-hidden rounded-xl border border-line bg-surface ${found.isPlaceholderData ? "opacity-60" : ""}`}
    >
      <Answer of={found}>
        {(items) =>
          items.length === 0 ? (
            <Empty icon={SearchX} title={t("nothingFound")}>
              {t("nothingFoundHint")}
            </Empty>
          ) : (
            items.map(show)
          )
        }
      </Answer>
      <More of={found} />
    </section>
  );
}

function MessageHit({ message }: { readonly message: FoundMessage }) {
  const words = useScreenWords();
  const { t } = words;
  const names = useNames();
  const customer = contactName(message.contact.name, message.contact.id, words);
  const isNote = message.visibility === "agents";
  const speaker =
    message.role === "customer"
      ? customer
      : (names.get(message.userId ?? "") ?? t(message.role === "bot" ? "bot" : "colleague"));
  return (
    <Link
      to="/inbox/$view/$conversationId"
      params={{ view: "all", conversationId: message.conversationId }}
      search={{ message: message.seq }}
      className="flex gap-3 border-b border-line px-5 py-3 text-sm last:border-0 hover:bg-hover"
      data-hit
    >
      <Avatar id={message.userId ?? message.role} name={speaker} size="small" />
      <span className="min-w-0 flex-1">
        <span className="flex flex-wrap items-baseline gap-x-2">
          <span className="font-medium" dir="auto">
            {speaker}
          </span>
          {message.role !== "customer" && (
            <span className="text-xs text-muted">{t("inTalkWith", { name: customer })}</span>
          )}
          {isNote && (
            <span className="inline-flex items-center gap-1 text-xs text-note-ink">
              <StickyNote className="size-3" aria-hidden="true" /> {t("note")}
            </span>
          )}
          <time dateTime={message.createdAt} className="ms-auto text-xs text-muted">
            {dateTime(message.createdAt, words)}
          </time>
        </span>
        <Snippet message={message} />
      </span>
    </Link>
  );
}

function Snippet({ message }: { readonly message: FoundMessage }) {
  let at = 0;
  return (
    <span className="block text-muted wrap-anywhere" dir="auto">
      {message.snippet.map(({ text, hit }) => {
        const key = at;
        at += text.length;
        return hit ? (
          <mark key={key} className="rounded-sm bg-note px-0.5 font-medium text-note-ink">
            {text}
          </mark>
        ) : (
          <span key={key}>{text}</span>
        );
      })}
    </span>
  );
}

function ContactHit({ contact }: { readonly contact: FoundContact }) {
  const words = useScreenWords();
  const name = contactName(contact.name, contact.id, words);
  return (
    <Link
      to="/contacts/$contactId"
      params={{ contactId: contact.id }}
      className="flex items-center gap-3 border-b border-line px-5 py-2.5 text-sm last:border-0 hover:bg-hover"
    >
      <Avatar id={contact.id} name={name} size="small" />
      <span className="min-w-0 flex-1">
        <span className="flex items-center gap-1 font-medium">
          <span dir="auto">{name}</span>
          {contact.verified && (
            <BadgeCheck className="size-3.5 text-good" aria-label={words.t("verified")} />
          )}
        </span>
        <span className="block truncate text-muted">
          {[contact.email, contact.phone].filter(Boolean).join(" · ")}
        </span>
      </span>
      <span className="text-xs text-muted">
        {words.t("conversationsCount", { count: contact.conversations })}
      </span>
    </Link>
  );
}
