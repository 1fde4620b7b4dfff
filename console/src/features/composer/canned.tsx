import { useQuery } from "@tanstack/react-query";
import { TriangleAlert } from "lucide-react";
import { type RefObject, useRef } from "react";
import { type CannedReply, useCanned } from "../../shared/api/desk";
import { useSession } from "../../shared/live/session";
import { showThen } from "../../shared/ui/show-then";
import { useWords } from "../../shared/words/words";
import { cannedAt, replaced } from "./meaning";
import { Suggestions, useSuggesting } from "./suggestions";

interface CannedProps {
  readonly conv: string;
  readonly field: RefObject<HTMLTextAreaElement | null>;
  readonly text: string;
  readonly onChange: (text: string) => void;
}

const MOST = 7;

/** `/` at the beginning of a word offers canned replies; one is put in where the caret stands. */
export function Canned({ conv, field, text, onChange }: CannedProps) {
  const { t } = useWords();
  const { client } = useSession();
  const replies = useCanned().data ?? [];
  const caret = field.current?.selectionStart ?? text.length;
  const begun = cannedAt(text, caret);
  const found = begun === null ? [] : matching(replies, begun);
  const latest = useRef(text);
  latest.current = text;
  const take = async (one: CannedReply) => {
    const rendered = await render(client, conv, one.body).catch(() => null);
    // What was typed meanwhile stays, behind it. The field may show another draft by now.
    const now = latest.current;
    if (!now.startsWith(text.slice(0, caret))) return now;
    const shown = field.current?.value === now ? field.current : null;
    const typed = Math.max(0, (shown?.selectionStart ?? caret) - caret);
    const put = replaced(now, caret, /\/\S*$/u, rendered?.text ?? one.body);
    showThen(
      () => onChange(put.text),
      () => shown?.setSelectionRange(put.caret + typed, put.caret + typed),
    );
    return put.text;
  };
  const suggesting = useSuggesting({ field, text, items: found, onTake: take });
  const chosen = suggesting.items[suggesting.chosen];
  return (
    <Suggestions label={t("cannedReplies")} keyOf={(one) => one.id} {...suggesting}>
      {(one) => (
        <span className="flex min-w-0 flex-1 items-baseline gap-2">
          <span className="font-medium">/{one.shortcut}</span>
          <span className="flex-1 truncate text-muted" dir="auto">
            {one.title}
          </span>
        </span>
      )}
      {chosen !== undefined && <Preview conv={conv} body={chosen.body} />}
    </Suggestions>
  );
}

interface Rendered {
  readonly text: string;
  readonly missing: readonly string[];
}

type Client = ReturnType<typeof useSession>["client"];

function render(client: Client, conv: string, text: string): Promise<Rendered> {
  const path = `/livechat/conversations/${conv}/rendered`;
  return client.request<Rendered>(path, { method: "POST", body: { text } });
}

/** What would be put in, and which of its variables nobody knows. */
function Preview({ conv, body }: { readonly conv: string; readonly body: string }) {
  const { t } = useWords();
  const { client } = useSession();
  const rendered = useQuery({
    queryKey: ["rendered", conv, body],
    queryFn: () => render(client, conv, body),
  }).data;
  const missing = rendered?.missing ?? [];
  return (
    <div className="mt-1 border-t border-line p-2 text-xs text-muted">
      <p dir="auto" className="line-clamp-4 whitespace-pre-wrap">
        {rendered?.text ?? body}
      </p>
      {missing.length > 0 && (
        <p className="mt-1 flex items-center gap-1 font-medium text-warn">
          <TriangleAlert className="size-3.5" aria-hidden="true" />
          {t("missingVariables", { names: missing.join(", ") })}
        </p>
      )}
    </div>
  );
}

/** By shortcut first, then by title and text. */
export function matching(replies: readonly CannedReply[], begun: string): CannedReply[] {
  const wanted = begun.toLocaleLowerCase();
  const rank = ({ shortcut, title, body }: CannedReply) => {
    if (shortcut.toLocaleLowerCase().startsWith(wanted)) return 0;
    if (title.toLocaleLowerCase().includes(wanted)) return 1;
    return body.toLocaleLowerCase().includes(wanted) ? 2 : 3;
  };
  return replies
    .filter((one) => rank(one) < 3)
    .sort((a, b) => rank(a) - rank(b) || a.shortcut.localeCompare(b.shortcut))
    .slice(0, MOST);
}
