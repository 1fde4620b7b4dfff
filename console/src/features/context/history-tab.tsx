import { History } from "lucide-react";
import { type ConversationCard, useConversationsOf } from "../../shared/api/contacts";
import { useNames, useSnapshot } from "../../shared/api/queries";
import { ownershipOf } from "../../shared/domain/ownership";
import { OwnershipBadge } from "../../shared/ui/badge";
import { Empty } from "../../shared/ui/empty";
import { dateTime } from "../../shared/words/time";
import { useWords } from "../../shared/words/words";
import type { ContextProps } from "./context-pane";

/** The other conversations of the same customer. */
export function HistoryTab({ view, hrefOf, onSelect }: ContextProps) {
  const { t } = useWords();
  const contact = useSnapshot(view.id).data?.contact.id;
  const found = useConversationsOf(contact);
  const others = (found.data?.items ?? []).filter(({ id }) => id !== view.id);
  if (found.isPending) return <p className="text-sm text-muted">{t("loading")}</p>;
  if (found.isError) return <p className="text-sm text-danger">{t("unreachable")}</p>;
  if (others.length === 0) {
    return (
      <Empty icon={History} title={t("noHistory")}>
        {t("noHistoryHint")}
      </Empty>
    );
  }
  return (
    <ul className="-mx-2 flex flex-col gap-1">
      {others.map((one) => (
        <li key={one.id}>
          <Card card={one} href={hrefOf(one.id)} onSelect={onSelect} />
        </li>
      ))}
    </ul>
  );
}

interface CardProps {
  readonly card: ConversationCard;
  readonly href: string;
  readonly onSelect: (conv: string) => void;
}

function Card({ card, href, onSelect }: CardProps) {
  const words = useWords();
  const names = useNames();
  const { status, floor, session } = card;
  const ownership = ownershipOf({ status, floor, ...(session == null ? {} : { session }) });
  return (
    <a
      href={href}
      className="flex flex-col gap-1 rounded-lg p-2 hover:bg-hover"
      onClick={(event) => {
        if (event.metaKey || event.ctrlKey || event.shiftKey) return;
        event.preventDefault();
        onSelect(card.id);
      }}
    >
      <span className="flex items-center gap-2 text-xs text-muted">
        <OwnershipBadge of={ownership} />
        <span className="flex-1 truncate">{names.get(card.assignee ?? "")}</span>
        <time dateTime={card.lastTs}>{dateTime(card.lastTs, words)}</time>
      </span>
      <span dir="auto" className="line-clamp-2 text-sm">
        {card.preview === "" ? words.t("noMessages") : card.preview}
      </span>
    </a>
  );
}
