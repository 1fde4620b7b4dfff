import { useQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { BadgeCheck, ChevronLeft, MessagesSquare, ShieldQuestion } from "lucide-react";
import { usePages } from "../../shared/api/pages";
import type { ConversationRow } from "../../shared/api/rows";
import { contactName } from "../../shared/domain/people";
import { useSession } from "../../shared/live/session";
import { Avatar } from "../../shared/ui/avatar";
import { ConversationLine } from "../../shared/ui/conversation-line";
import { Empty } from "../../shared/ui/empty";
import { More } from "../../shared/ui/more";
import { Card } from "../../shared/ui/page";
import { Answer } from "../../shared/ui/states";
import { useScreenWords } from "../../shared/words/screen-words";
import { dateTime } from "../../shared/words/time";
import { Attributes } from "./attributes";
import type { Contact } from "./shapes";
import { Traits } from "./traits";

export function ContactCard({ id }: { readonly id: string }) {
  const { client } = useSession();
  const contact = useQuery({
    queryKey: ["contact", id],
    queryFn: () => client.request<Contact>(`/livechat/contacts/${id}`),
  });
  return (
    <div className="mx-auto flex max-w-4xl flex-col gap-5 px-8 py-6 max-[700px]:px-4">
      <Answer of={contact} rows={6}>
        {(found) => (
          <>
            <Head contact={found} />
            <div className="grid items-start gap-5 lg:grid-cols-2">
              <Traits contact={found} />
              <Attributes contact={found} />
            </div>
            <Conversations id={id} />
          </>
        )}
      </Answer>
    </div>
  );
}

function Head({ contact }: { readonly contact: Contact }) {
  const words = useScreenWords();
  const { t } = words;
  const name = contactName(contact.name, contact.id, words);
  const Sign = contact.verified ? BadgeCheck : ShieldQuestion;
  return (
    <header>
      <Link
        to="/contacts"
        className="mb-2 hidden items-center gap-0.5 text-xs text-muted max-[700px]:inline-flex"
      >
        <ChevronLeft className="size-3.5 rtl:rotate-180" aria-hidden="true" /> {t("contacts")}
      </Link>
      <div className="flex items-center gap-4">
        <Avatar id={contact.id} name={name} />
        <div className="min-w-0">
          <h2 className="truncate text-xl font-semibold" dir="auto">
            {name}
          </h2>
          <p
            className={`flex items-center gap-1 text-sm ${contact.verified ? "text-good" : "text-muted"}`}
          >
            <Sign className="size-4 shrink-0" aria-hidden="true" />
            {t(contact.verified ? "verifiedHint" : "unverifiedHint")}
          </p>
        </div>
        <dl className="ms-auto grid grid-cols-[auto_auto] gap-x-3 text-xs text-muted">
          <dt>{t("lastSeen")}</dt>
          <dd className="text-end">
            {contact.lastSeenAt === null ? t("never") : dateTime(contact.lastSeenAt, words)}
          </dd>
          <dt>{t("firstSeen")}</dt>
          <dd className="text-end">{dateTime(contact.createdAt, words)}</dd>
        </dl>
      </div>
    </header>
  );
}

function Conversations({ id }: { readonly id: string }) {
  const { t } = useScreenWords();
  const path = `/livechat/contacts/${id}/conversations`;
  const found = usePages<ConversationRow>(path, { limit: 20 });
  return (
    <Card title={t("conversations")} isFlush>
      <Answer of={found}>
        {(rows) =>
          rows.length === 0 ? (
            <Empty icon={MessagesSquare} title={t("noConversations")} />
          ) : (
            rows.map((row) => <ConversationLine key={row.id} row={row} hidesName />)
          )
        }
      </Answer>
      <More of={found} />
    </Card>
  );
}
