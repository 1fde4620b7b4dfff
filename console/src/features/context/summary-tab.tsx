import { Sparkles } from "lucide-react";
import { Suspense } from "react";
import { useSnapshot } from "../../shared/api/queries";
import type { ConversationSnapshot } from "../../shared/api/shapes";
import { SummaryCard } from "../../shared/handoff/summary-card";
import { decoration } from "../../shared/ui/decoration";
import { waited } from "../../shared/words/time";
import { useWords } from "../../shared/words/words";
import type { ContextProps } from "./context-pane";
import { Facts } from "./facts";
import { Properties } from "./properties";

const Traits = decoration(async () => (await import("./traits")).Traits);

/** What it is about. While nobody has written a summary, the customer's own words stand here. */
export function SummaryTab({ view, onAnchor, isLookingOn = false }: ContextProps) {
  const words = useWords();
  const { t } = words;
  const snapshot = useSnapshot(view.id).data;
  const session = snapshot?.session;
  const asked = session?.requestedAt ?? undefined;
  const facts = [
    [t("queue"), view.queue ?? snapshot?.queue],
    [t("team"), snapshot?.team?.name],
    [t("reason"), session?.reason],
    [
      t("asked"),
      asked === undefined ? undefined : t("ago", { time: waited(asked, Date.now(), words) }),
    ],
    [t("visibleMessages"), seenByCustomer(view, snapshot)?.toString()],
  ] as const;
  return (
    <div className="flex flex-col gap-5 text-sm">
      <section data-key="summary" tabIndex={-1} className="flex flex-col gap-2">
        <h3 className="flex items-center gap-1.5 font-semibold">
          <Sparkles className="size-4 text-(--bot)" aria-hidden="true" /> {t("tab-summary")}
        </h3>
        <SummaryCard view={view} onAnchor={onAnchor} />
      </section>
      <Suspense>
        <Traits conv={view.id} isReadOnly={isLookingOn} />
      </Suspense>
      <Properties conv={view.id} isReadOnly={isLookingOn} />
      <Facts title={t("thisConversation")} facts={facts} />
    </div>
  );
}

/** What was counted when it was last told, and what was said since. */
export function seenByCustomer(
  { items }: Pick<ContextProps["view"], "items">,
  snapshot: Pick<ConversationSnapshot, "headSeq" | "visibleMessages"> | undefined,
): number | undefined {
  if (snapshot?.visibleMessages === undefined) return undefined;
  const { headSeq, visibleMessages } = snapshot;
  const since = items.filter(
    (item) =>
      item.kind === "message" &&
      item.seq > headSeq &&
      item.visibility === "public" &&
      !item.deleted,
  );
  return visibleMessages + since.length;
}
