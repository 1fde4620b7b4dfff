import type { ConversationView } from "@chorus/sdk";
import { Quote } from "lucide-react";
import { useMemo } from "react";
import { useWords } from "../words/words";
import { excerptOf } from "./excerpt";

interface ExcerptProps {
  readonly view: ConversationView;
  readonly seq: number;
  readonly onAnchor: (seq: number) => void;
}

/** The customer's own last words, each a link to its place; labelled as what it is. */
export function Excerpt({ view, seq, onAnchor }: ExcerptProps) {
  const { t } = useWords();
  const said = useMemo(() => excerptOf(view.items, seq), [view.items, seq]);
  if (said.length === 0) return <p className="text-muted">{t("nothingSaid")}</p>;
  return (
    <>
      <p className="mb-1 text-xs font-medium text-muted">{t("excerpt")}</p>
      <ul className="flex flex-col gap-1">
        {said.map((message) => (
          <li key={message.id}>
            <button
              type="button"
              className="flex w-full cursor-pointer gap-2 rounded-md px-1 py-0.5 text-start hover:bg-hover"
              onClick={() => onAnchor(message.seq)}
            >
              <Quote
                className="mt-1 size-3 shrink-0 text-faint rtl:-scale-x-100"
                aria-hidden="true"
              />
              <span dir="auto" className="line-clamp-2">
                {message.content}
              </span>
            </button>
          </li>
        ))}
      </ul>
    </>
  );
}
