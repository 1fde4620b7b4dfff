import { Link, useNavigate, useParams, useSearch } from "@tanstack/react-router";
import { BadgeCheck, Contact as ContactSign, SearchX } from "lucide-react";
import { useState } from "react";
import { usePages } from "../../shared/api/pages";
import { contactName } from "../../shared/domain/people";
import { useNow } from "../../shared/live/hooks";
import { Avatar } from "../../shared/ui/avatar";
import { cx } from "../../shared/ui/class";
import { Empty } from "../../shared/ui/empty";
import { More } from "../../shared/ui/more";
import { Loading } from "../../shared/ui/page";
import { Answer } from "../../shared/ui/states";
import { useSettled } from "../../shared/ui/use-settled";
import { useScreenWords } from "../../shared/words/screen-words";
import { age } from "../../shared/words/time";
import { ContactCard } from "./contact-card";
import { type Contact, readContactSearch } from "./shapes";

export function ContactsPage() {
  return (
    <Loading>
      <Contacts />
    </Loading>
  );
}

/** Everybody who ever wrote, and the one that is open beside them. */
function Contacts() {
  const { t } = useScreenWords();
  const { contactId } = useParams({ strict: false });
  return (
    <div className="flex min-h-0 min-w-0 flex-1">
      <aside
        aria-label={t("contacts")}
        className={cx(
          "w-80 shrink-0 flex-col border-e border-line bg-surface max-[700px]:w-full",
          contactId === undefined ? "flex" : "flex max-[700px]:hidden",
        )}
      >
        <List open={contactId} />
      </aside>
      <main
        className={cx(
          "min-h-0 min-w-0 flex-1 overflow-y-auto bg-canvas",
          contactId === undefined && "max-[700px]:hidden",
        )}
        data-page
      >
        {contactId === undefined ? (
          <Empty icon={ContactSign} title={t("chooseContact")}>
            {t("chooseContactHint")}
          </Empty>
        ) : (
          <ContactCard key={contactId} id={contactId} />
        )}
      </main>
    </div>
  );
}

const SETTLED_MS = 250;

function List({ open }: { readonly open: string | undefined }) {
  const { t } = useScreenWords();
  const { q } = readContactSearch(useSearch({ strict: false }));
  const [typed, setTyped] = useState(q ?? "");
  const navigate = useNavigate();
  useSettled(typed, SETTLED_MS, (text) => {
    if (text.trim() === (q ?? "")) return;
    void navigate({ to: ".", search: readContactSearch({ q: text.trim() }), replace: true });
  });
  const found = usePages<Contact>("/livechat/contacts", { q, limit: 50 });
  return (
    <>
      <div className="flex flex-col gap-3 border-b border-line p-4">
        <h1 className="text-xl font-semibold">{t("contacts")}</h1>
        <input
          type="search"
          dir={typed === "" ? undefined : "auto"}
          className="field"
          aria-label={t("findContact")}
          placeholder={t("findContact")}
          value={typed}
          maxLength={200}
          onChange={(event) => setTyped(event.target.value)}
        />
      </div>
      <div
        aria-busy={found.isFetching}
        className={cx("min-h-0 flex-1 overflow-y-auto", found.isPlaceholderData && "opacity-60")}
      >
        <Answer of={found} rows={8}>
          {(items) =>
            items.length === 0 ? (
              <Empty icon={SearchX} title={t(q === undefined ? "noContacts" : "nothingFound")} />
            ) : (
              items.map((one) => <Line key={one.id} contact={one} isOpen={one.id === open} q={q} />)
            )
          }
        </Answer>
        <More of={found} />
      </div>
    </>
  );
}

interface LineProps {
  readonly contact: Contact;
  readonly isOpen: boolean;
  readonly q: string | undefined;
}

const MINUTE_MS = 60_000;

function Line({ contact, isOpen, q }: LineProps) {
  const words = useScreenWords();
  const nowMs = useNow(MINUTE_MS);
  const name = contactName(contact.name, contact.id, words);
  return (
    <Link
      to="/contacts/$contactId"
      params={{ contactId: contact.id }}
      search={q === undefined ? {} : { q }}
      aria-current={isOpen}
      className={cx(
        "flex items-center gap-3 border-b border-line px-4 py-2.5 text-sm",
        isOpen ? "bg-selected" : "hover:bg-hover",
      )}
    >
      <Avatar id={contact.id} name={name} size="small" />
      <span className="min-w-0 flex-1">
        <span className="flex items-center gap-1 font-medium">
          <span className="truncate" dir="auto">
            {name}
          </span>
          {contact.verified && (
            <BadgeCheck
              className="size-3.5 shrink-0 text-good"
              role="img"
              aria-label={words.t("verified")}
            />
          )}
        </span>
        <span className="block truncate text-xs text-muted">
          {contact.email ?? contact.phone ?? words.t("noAddress")}
        </span>
      </span>
      {contact.lastSeenAt !== null && (
        <time dateTime={contact.lastSeenAt} className="text-xs text-muted tabular-nums">
          {age(contact.lastSeenAt, nowMs, words)}
        </time>
      )}
    </Link>
  );
}
