import { RotateCcw } from "lucide-react";
import { Button } from "../shared/ui/button";
import { Empty } from "../shared/ui/empty";
import { useWords } from "../shared/words/words";

/** In place of a page that cannot be drawn: its code is gone since an upgrade, most likely. */
export function Broken() {
  const { t } = useWords();
  return (
    <main className="flex-1">
      <Empty icon={RotateCcw} title={t("broken")}>
        <Button onClick={() => location.reload()}>{t("reload")}</Button>
      </Empty>
    </main>
  );
}
