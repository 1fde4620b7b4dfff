import { BadgeCheck, ShieldQuestion } from "lucide-react";
import { type Attribute, type Contact, useContact } from "../../shared/api/contacts";
import { useSnapshot } from "../../shared/api/queries";
import { contactName } from "../../shared/domain/people";
import { Avatar } from "../../shared/ui/avatar";
import type { Words } from "../../shared/words/locale";
import { dateTime } from "../../shared/words/time";
import { useWords } from "../../shared/words/words";
import type { ContextProps } from "./context-pane";
import { Facts } from "./facts";

/** Who it is, and how sure that is. */
export function CustomerTab({ view }: ContextProps) {
  const words = useWords();
  const { t } = words;
  const card = useSnapshot(view.id).data?.contact;
  const found = useContact(card?.id).data;
  if (card === undefined) return <p className="text-sm text-muted">{t("loading")}</p>;
  const name = contactName(card.name, card.id, words);
  const presence = view.presence[card.id]?.status ?? "unknown";
  const Sign = card.verified ? BadgeCheck : ShieldQuestion;
  return (
    <div className="flex flex-col gap-5 text-sm">
      <div className="flex items-center gap-3">
        <Avatar id={card.id} name={name} presence={presence} />
        <div className="min-w-0">
          <p dir="auto" className="truncate font-semibold">
            {name}
          </p>
          <p
            className={`flex items-center gap-1 text-xs ${card.verified ? "text-good" : "text-muted"}`}
          >
            <Sign className="size-3.5" aria-hidden="true" />
            {t(card.verified ? "verifiedHint" : "unverifiedHint")}
          </p>
        </div>
      </div>
      <Facts title={t("contact")} facts={contactFacts({ ...card, ...found }, words)} />
      <Attributes attributes={found?.attributes ?? []} />
    </div>
  );
}

function contactFacts(contact: Partial<Contact>, words: Words) {
  const { email, phone, locale, lastSeenAt, createdAt } = contact;
  const { t } = words;
  return [
    [t("email"), email],
    [t("phone"), phone],
    [t("language"), languageName(locale, words)],
    [t("lastSeen"), lastSeenAt == null ? null : dateTime(lastSeenAt, words)],
    [t("knownSince"), createdAt === undefined ? null : dateTime(createdAt, words)],
  ] as const;
}

function languageName(tag: string | null | undefined, { locale }: Words): string | null {
  if (tag == null) return null;
  try {
    return new Intl.DisplayNames(locale, { type: "language" }).of(tag) ?? tag;
  } catch {
    // Whatever a browser once called its language is shown as it said it.
    return tag;
  }
}

/** What is told of the customer: signed by their own backend, or typed by anybody. */
function Attributes({ attributes }: { readonly attributes: readonly Attribute[] }) {
  const { t } = useWords();
  const text = (value: unknown) => (typeof value === "string" ? value : JSON.stringify(value));
  const facts = (isSigned: boolean) =>
    attributes
      .filter(({ signed }) => signed === isSigned)
      .map(({ name, value }) => [name, text(value)] as const);
  return (
    <>
      <Facts title={t("signedAttributes")} facts={facts(true)} />
      <Facts title={t("typedAttributes")} facts={facts(false)} />
    </>
  );
}
