import { useConversationActs } from "../shared/acts/conversation-acts";
import { useSession } from "../shared/live/session";
import { showToast } from "../shared/ui/toasts";
import { useWords } from "../shared/words/words";

interface WaitingRow {
  readonly id: string;
  readonly waitingSince: string | null;
  readonly priority: number;
}

const PAGE = 100;

/** Take whoever has waited longest; where a colleague was faster, the next. */
export function useTakeNext(onTaken: (conv: string) => void): () => void {
  const { client } = useSession();
  const { t } = useWords();
  const acts = useConversationActs();
  return () =>
    void (async () => {
      const { items } = await client.request<{ items: readonly WaitingRow[] }>(
        "/livechat/conversations",
        { query: { view: "queue", limit: PAGE } },
      );
      const line = [...items].sort(byTurn);
      const [first] = line;
      if (first === undefined) showToast({ text: t("nobodyWaits") });
      else if (await acts.claim(first.id)) onTaken(first.id);
    })().catch(() => showToast({ text: t("unreachable"), tone: "problem" }));
}

export function byTurn(a: WaitingRow, b: WaitingRow): number {
  return b.priority - a.priority || since(a) - since(b);
}

/** Who does not wait comes after everybody who does. */
function since({ waitingSince }: WaitingRow): number {
  return waitingSince === null ? Number.MAX_SAFE_INTEGER : Date.parse(waitingSince);
}
