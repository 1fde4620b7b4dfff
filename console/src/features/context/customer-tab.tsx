import { BadgeCheck, ShieldQuestion } from "lucide-react";
import { useSnapshot } from "../../shared/api/queries";
import { contactName } from "../../shared/domain/people";
import { Avatar } from "../../shared/ui/avatar";
import { useWords } from "../../shared/words/words";
import type { ContextProps } from "./context-pane";
import { Facts } from "./facts";

/** Who it is, and how sure that is. */
export function CustomerTab({ view }: ContextProps) {
  const words = useWords();
  const { t, locale } = words;
  const contact = useSnapshot(view.id).data?.contact;
  if (contact === undefined) return <p className="text-sm text-muted">{t("loading")}</p>;
  const name = contactName(contact.name, contact.id, words);
  const presence = view.presence[contact.id]?.status ?? "unknown";
  const Sign = contact.verified ? BadgeCheck : ShieldQuestion;
  const language =
    contact.locale == null
      ? null
      : new Intl.DisplayNames(locale, { type: "language" }).of(contact.locale);
  return (
    <div className="flex flex-col gap-5 text-sm">
      <div className="flex items-center gap-3">
        <Avatar id={contact.id} name={name} presence={presence} />
        <div className="min-w-0">
          <p dir="auto" className="truncate font-semibold">
            {name}
          </p>
          <p
            className={`flex items-center gap-1 text-xs ${contact.verified ? "text-good" : "text-muted"}`}
          >
            <Sign className="size-3.5" aria-hidden="true" />
            {t(contact.verified ? "verifiedHint" : "unverifiedHint")}
          </p>
        </div>
      </div>
      <Facts
        title={t("contact")}
        facts={[
          [t("email"), contact.email],
          [t("language"), language],
          [t("presence"), t(`presence-${presence}`)],
        ]}
      />
    </div>
  );
}
