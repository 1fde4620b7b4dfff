import type { ConversationView } from "@chorus/sdk";
import type { ServerData } from "@chorus/sdk/frames";
import { Headset } from "lucide-react";
import { useWords } from "../words/words";
import { SummaryCard } from "./summary-card";

interface HandoffCardProps {
  readonly view: ConversationView;
  readonly handoff: Pick<ServerData<"handoff">, "reason" | "queue">;
  /** Where in the conversation somebody asked for a person. */
  readonly seq: number;
  readonly onAnchor: (seq: number) => void;
}

/** What an agent must know of a hand-over before the first word: why, and what it is about. */
export function HandoffCard({ view, handoff, seq, onAnchor }: HandoffCardProps) {
  const { t } = useWords();
  const { reason, queue } = handoff;
  return (
    <section
      aria-label={t("handoff")}
      data-handoff
      className="my-3 rounded-xl border border-line bg-surface p-4 text-sm"
    >
      <p className="mb-2 flex items-center gap-2 font-semibold">
        <Headset className="size-4 text-warn" aria-hidden="true" /> {t("handoff")}
        {queue !== undefined && (
          <span className="rounded bg-sunken px-1.5 py-0.5 text-xs font-medium text-muted">
            {queue}
          </span>
        )}
      </p>
      {reason !== undefined && reason !== "" && (
        <p className="mb-2" dir="auto">
          <span className="text-muted">{t("reason")}: </span>
          {reason}
        </p>
      )}
      <SummaryCard isShort view={view} before={seq} onAnchor={onAnchor} />
    </section>
  );
}
