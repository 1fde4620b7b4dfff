import { Compass } from "lucide-react";
import { Empty } from "../shared/ui/empty";
import { useWords } from "../shared/words/words";

/** An address that leads nowhere. */
export function Lost() {
  const { t } = useWords();
  return (
    <main className="flex-1">
      <Empty icon={Compass} title={t("lost")}>
        <a className="link" href="/console">
          {t("toInbox")}
        </a>
      </Empty>
    </main>
  );
}
