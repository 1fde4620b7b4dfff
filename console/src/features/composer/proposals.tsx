import { asChorusError, type ConversationView } from "@chorus/sdk";
import { useQuery } from "@tanstack/react-query";
import { CornerDownLeft, RotateCcw, Sparkles, X } from "lucide-react";
import { keyOf } from "../../shared/keys/keymap";
import { useActions } from "../../shared/keys/use-keys";
import { useSession } from "../../shared/live/session";
import { useSettings } from "../../shared/settings/settings";
import { Button } from "../../shared/ui/button";
import { Keys } from "../../shared/ui/kbd";
import { useScreenWords } from "../../shared/words/screen-words";
import { hasWrittenSince, type Proposed, type ProposedReply, sourcesOf } from "./proposed";
import { SourceList } from "./source-list";
import type { Taken } from "./taken";

interface ProposalsProps {
  readonly conv: string;
  readonly view: ConversationView;
  readonly onInsert: (taken: Taken) => void;
  readonly onClose: () => void;
}

const TAKES = ["suggest1", "suggest2", "suggest3"] as const;

/** Answers to what the customer said last, from what is known. One click puts one in; none is sent. */
export function Proposals({ conv, view, onInsert, onClose }: ProposalsProps) {
  const { t } = useScreenWords();
  const { client } = useSession();
  const asked = useQuery({
    queryKey: ["proposed", conv],
    queryFn: () =>
      client.request<Proposed>(`/livechat/conversations/${conv}/assist/replies`, {
        method: "POST",
      }),
    staleTime: Number.POSITIVE_INFINITY,
    gcTime: 0,
    // It costs something, and says itself when to try again.
    retry: false,
  });
  const { data } = asked;
  const items = asked.isFetching ? [] : (data?.items ?? []);
  const insert = (text: string) => {
    onInsert({ proposal: data?.id ?? "", text });
    onClose();
  };
  useActions(
    Object.fromEntries(
      TAKES.slice(0, items.length).map((take, at) => [take, () => insert(items[at]?.text ?? "")]),
    ),
  );
  const isOld = !asked.isFetching && hasWrittenSince(view.items, data?.basis);
  return (
    <section
      aria-label={t("suggestedAnswers")}
      data-proposals
      className="mb-2 flex flex-col gap-2 rounded-lg border border-dashed border-line-strong bg-(--bot-soft) px-3 py-2 text-sm"
    >
      <header className="flex items-center gap-2">
        <h3 className="flex flex-1 items-center gap-1.5 text-xs font-semibold">
          <Sparkles className="size-3.5 text-(--bot)" aria-hidden="true" /> {t("suggestedAnswers")}
        </h3>
        <Button size="small" look="quiet" onClick={onClose}>
          <X className="size-3.5" aria-hidden="true" /> {t("dismiss")}
        </Button>
      </header>
      <div aria-live="polite" className="flex flex-wrap items-center gap-2 text-xs text-muted">
        {asked.isFetching && <p role="status">{t("lookingForAnswers")}</p>}
        {!asked.isFetching && asked.error != null && <Refusal cause={asked.error} />}
        {!asked.isFetching && data !== undefined && items.length === 0 && (
          <p>{t(data.basis === null ? "nothingToAnswer" : "noAnswerKnown")}</p>
        )}
        {isOld && <p>{t("writtenSince")}</p>}
        {(isOld || (!asked.isFetching && asked.error != null)) && (
          <Button size="small" onClick={() => void asked.refetch()}>
            <RotateCcw className="size-3.5" aria-hidden="true" /> {t("tryAgain")}
          </Button>
        )}
      </div>
      {items.length > 0 && (
        <ol className="flex max-h-64 flex-col gap-2 overflow-y-auto">
          {items.map((one, at) => (
            <Proposal key={one.text} reply={one} at={at} onInsert={insert} />
          ))}
        </ol>
      )}
    </section>
  );
}

function Refusal({ cause }: { readonly cause: unknown }) {
  const { t } = useScreenWords();
  const { status, message } = asChorusError(cause);
  return (
    <p role="alert" className="font-medium text-danger">
      {status === 0 ? t("unreachable") : message}
    </p>
  );
}

interface ProposalProps {
  readonly reply: ProposedReply;
  readonly at: number;
  readonly onInsert: (text: string) => void;
}

function Proposal({ reply, at, onInsert }: ProposalProps) {
  const { t } = useScreenWords();
  const keys = useSettings((settings) => settings.keys);
  const hasKeys = useSettings((settings) => settings.singleKeys);
  const take = TAKES[at];
  return (
    <li className="flex flex-col gap-1.5 border-t border-line pt-2 first:border-t-0 first:pt-0">
      <p dir="auto" className="whitespace-pre-wrap wrap-anywhere">
        {reply.text}
      </p>
      <div className="flex flex-wrap items-center gap-x-3 gap-y-1.5">
        <span className="text-xs text-muted">
          {t(reply.kind === "written" ? "inModelWords" : "inSourceWords")}
        </span>
        <SourceList sources={sourcesOf(reply)} />
        <Button size="small" className="ms-auto" onClick={() => onInsert(reply.text)}>
          <CornerDownLeft className="size-3.5 rtl:-scale-x-100" aria-hidden="true" /> {t("insert")}
          {hasKeys && take !== undefined && <Keys keys={keyOf(take, keys)} />}
        </Button>
      </div>
    </li>
  );
}
