import type { PendingMessage } from "@chorus/sdk";
import { SearchX } from "lucide-react";
import { useEffect, useState } from "react";
import { draftKey, draftOf, MODES } from "../../shared/drafts/drafts";
import { useSession } from "../../shared/live/session";
import { Button } from "../../shared/ui/button";
import { Empty } from "../../shared/ui/empty";
import { useCopy } from "../../shared/ui/use-copy";
import { useWords } from "../../shared/words/words";

/** In place of a conversation that is not there: what was written in it is given back. */
export function Gone({ conv }: { readonly conv: string }) {
  const { t } = useWords();
  const { agent } = useSession();
  const { unsent, discard } = useUnsent(conv);
  const drafts = MODES.map((mode) => draftOf(draftKey(agent.id, conv, mode)));
  const written = drafts.filter((text) => text.trim() !== "");
  return (
    <section className="flex min-w-0 flex-1 flex-col justify-center-safe overflow-y-auto">
      <div className="shrink-0">
        <Empty icon={SearchX} title={t("noSuchConversation")}>
          {t("noSuchConversationHint")}
        </Empty>
      </div>
      {unsent.length + written.length > 0 && (
        <div className="mx-auto w-full max-w-2xl shrink-0 p-6" data-given-back>
          <h2 className="pb-2 text-sm font-semibold">{t("writtenHere")}</h2>
          <ul className="flex flex-col gap-2">
            {unsent.map(({ id, body }) => (
              <Written key={id} text={body.content} onDiscard={() => discard(id)} />
            ))}
            {written.map((text) => (
              <Written key={text} text={text} />
            ))}
          </ul>
        </div>
      )}
    </section>
  );
}

interface WrittenProps {
  readonly text: string;
  readonly onDiscard?: () => void;
}

function Written({ text, onDiscard }: WrittenProps) {
  const { t } = useWords();
  const copy = useCopy();
  return (
    <li className="flex items-start gap-2 rounded-lg border border-line bg-surface p-3 text-sm">
      <p className="max-h-40 min-w-0 flex-1 overflow-y-auto whitespace-pre-wrap" dir="auto">
        {text}
      </p>
      <Button size="small" onClick={() => copy(text)}>
        {t("copyText")}
      </Button>
      {onDiscard !== undefined && (
        <Button size="small" onClick={onDiscard}>
          {t("discard")}
        </Button>
      )}
    </li>
  );
}

/** What was said here and never left. */
function useUnsent(conv: string) {
  const { client } = useSession();
  const [unsent, setUnsent] = useState<readonly PendingMessage[]>([]);
  useEffect(() => void client.unsent(conv).then(setUnsent, () => undefined), [client, conv]);
  const discard = (id: string) => {
    void client.discard(conv, id).catch(() => undefined);
    setUnsent((all) => all.filter((one) => one.id !== id));
  };
  return { unsent, discard };
}
