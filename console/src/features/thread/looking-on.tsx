import type { ConversationView } from "@chorus/sdk";
import { Eye, Hand } from "lucide-react";
import { createContext } from "react";
import { useConversationActs } from "../../shared/acts/conversation-acts";
import { ownershipOfView } from "../../shared/domain/ownership";
import { useActions } from "../../shared/keys/use-keys";
import { Button } from "../../shared/ui/button";
import { useWords } from "../../shared/words/words";

/** True where somebody only reads: nothing is said, marked as read or told to colleagues. */
export const LookingOn = createContext(false);

interface LookOnProps {
  readonly view: ConversationView;
  /** Look on no more, and be there like everybody else. */
  readonly onTakePart: () => void;
}

/** What stands where one writes, for a supervisor who looks on. */
export function LookOn({ view, onTakePart }: LookOnProps) {
  const { t } = useWords();
  const acts = useConversationActs();
  const isOver = ownershipOfView(view) === "resolved";
  const takeOver = async () => {
    if (await acts.takeOver(view)) onTakePart();
  };
  useActions(isOver ? {} : { take: () => void takeOver() });
  return (
    <div
      className="flex shrink-0 flex-wrap items-center gap-3 border-t border-line bg-sunken px-5 py-3 text-sm"
      data-looking-on
    >
      <p className="flex min-w-56 flex-1 items-center gap-2 text-muted">
        <Eye className="size-4 shrink-0" aria-hidden="true" /> {t("lookingOn")}
      </p>
      <Button onClick={onTakePart}>{t("takePart")}</Button>
      {!isOver && (
        <Button look="primary" onClick={() => void takeOver()}>
          <Hand className="size-4" aria-hidden="true" /> {t("takeOver")}
        </Button>
      )}
    </div>
  );
}
