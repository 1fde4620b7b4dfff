import type { ConversationView } from "@chorus/sdk";
import { useBotName } from "../../shared/api/queries";
import { useWords } from "../../shared/words/words";

interface TypingLineProps {
  readonly view: ConversationView;
  readonly customer: string;
  readonly names: ReadonlyMap<string, string>;
}

/** Who writes now. It lies over the end of the thread, so nothing moves when it comes and goes. */
export function TypingLine({ view, customer, names }: TypingLineProps) {
  const { t } = useWords();
  const bot = useBotName(view.id);
  const nameOf = (id: string, role: string) =>
    role === "customer" ? customer : (names.get(id) ?? t("colleague"));
  const typists = Object.entries(view.typing);
  if (typists.length === 0) return null;
  return (
    <p className="absolute start-5 bottom-2 flex items-center gap-2 rounded-full border border-line bg-surface px-3 py-1 text-xs text-muted shadow-pop">
      <span className="dots flex gap-0.5" aria-hidden="true">
        <i className="size-1.5 rounded-full bg-muted" />
        <i className="size-1.5 rounded-full bg-muted" />
        <i className="size-1.5 rounded-full bg-muted" />
      </span>
      {typists
        .map(([id, { role }]) => t("typing", { name: role === "bot" ? bot : nameOf(id, role) }))
        .join(" · ")}
    </p>
  );
}
