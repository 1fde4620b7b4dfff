import type { Message } from "@chorus/sdk";
import type { HistoryResponse } from "@chorus/sdk/rest";
import { useQuery } from "@tanstack/react-query";
import { CornerDownLeft, Sparkles, X } from "lucide-react";
import { keyOf } from "../../shared/keys/keymap";
import { useActions } from "../../shared/keys/use-keys";
import { useSession } from "../../shared/live/session";
import { useSettings } from "../../shared/settings/settings";
import { Button } from "../../shared/ui/button";
import { Keys } from "../../shared/ui/kbd";
import { useScreenWords } from "../../shared/words/screen-words";
import { SourceList } from "./source-list";
import { settleSuggestion, sourcesIn } from "./suggested";
import type { Taken } from "./taken";

interface SuggestionProps {
  readonly conv: string;
  readonly message: Message;
  readonly onInsert: (taken: Taken) => void;
}

/** An answer that the bot proposes, with what it rests on. It is never sent by itself. */
export function Suggestion({ conv, message, onInsert }: SuggestionProps) {
  const { t } = useScreenWords();
  const keys = useSettings((settings) => settings.keys);
  const hasKeys = useSettings((settings) => settings.singleKeys);
  const insert = () => {
    onInsert({ proposal: message.id, text: message.content });
    settleSuggestion(message.id);
  };
  useActions({ suggest1: insert });
  return (
    <section
      aria-label={t("suggestedAnswer")}
      data-suggestion={message.id}
      className="mb-2 flex flex-col gap-1.5 rounded-lg border border-dashed border-line-strong bg-(--bot-soft) px-3 py-2 text-sm"
    >
      <h3 className="flex items-center gap-1.5 text-xs font-semibold">
        <Sparkles className="size-3.5 text-(--bot)" aria-hidden="true" /> {t("suggestedAnswer")}
      </h3>
      <p
        dir="auto"
        // biome-ignore lint/a11y/noNoninteractiveTabindex: a long one scrolls, and must by keyboard too.
        tabIndex={0}
        className="max-h-24 overflow-y-auto whitespace-pre-wrap wrap-anywhere"
      >
        {message.content}
      </p>
      <div className="flex flex-wrap items-center gap-x-3 gap-y-1.5">
        <Sources conv={conv} seq={message.seq} />
        <span className="ms-auto flex gap-1.5">
          <Button size="small" look="quiet" onClick={() => settleSuggestion(message.id)}>
            <X className="size-3.5" aria-hidden="true" /> {t("dismiss")}
          </Button>
          <Button size="small" onClick={insert}>
            <CornerDownLeft className="size-3.5 rtl:-scale-x-100" aria-hidden="true" />{" "}
            {t("insert")}
            {hasKeys && <Keys keys={keyOf("suggest1", keys)} />}
          </Button>
        </span>
      </div>
    </section>
  );
}

function Sources({ conv, seq }: { readonly conv: string; readonly seq: number }) {
  const { client } = useSession();
  const sources = useQuery({
    queryKey: ["suggestion", conv, seq],
    queryFn: async () => {
      const query = { after: seq - 1, limit: 1 };
      const path = `/livechat/conversations/${conv}/messages`;
      return sourcesIn(await client.request<HistoryResponse>(path, { query }));
    },
    staleTime: Number.POSITIVE_INFINITY,
  }).data;
  return <SourceList sources={sources ?? []} />;
}
