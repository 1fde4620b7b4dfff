import { History } from "lucide-react";
import { Empty } from "../../shared/ui/empty";
import { useWords } from "../../shared/words/words";
import type { ContextProps } from "./context-pane";

/** What became of this conversation: who had it, and when it moved. */
export function HistoryTab(_: ContextProps) {
  const { t } = useWords();
  return (
    <Empty icon={History} title={t("noHistory")}>
      {t("noHistoryHint")}
    </Empty>
  );
}
