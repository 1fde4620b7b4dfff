import { type RefObject, useEffect, useState } from "react";
import { useAgents } from "../../shared/api/queries";
import { useSession } from "../../shared/live/session";
import { Avatar } from "../../shared/ui/avatar";
import { cx } from "../../shared/ui/class";
import { useWords } from "../../shared/words/words";
import { mentionAt, remember, withMention } from "./meaning";

interface MentionsProps {
  readonly field: RefObject<HTMLTextAreaElement | null>;
  readonly text: string;
  readonly onChange: (text: string) => void;
}

const MOST = 6;

/** `@` in a note offers colleagues: arrows choose, Enter or Tab takes. */
export function Mentions({ field, text, onChange }: MentionsProps) {
  const { t } = useWords();
  const { agent } = useSession();
  const agents = useAgents().data ?? [];
  const [at, setAt] = useState(0);
  const [left, setLeft] = useState("");
  const caret = field.current?.selectionStart ?? text.length;
  const begun = text === left ? null : mentionAt(text, caret);
  const wanted = begun?.toLocaleLowerCase();
  const found =
    wanted === undefined
      ? []
      : agents
          .filter(({ id, name }) => id !== agent.id && name.toLocaleLowerCase().startsWith(wanted))
          .slice(0, MOST);
  const chosen = Math.min(at, found.length - 1);
  const take = (index: number) => {
    const one = found[index];
    if (one === undefined) return;
    remember(one.id, one.name);
    const put = withMention(text, caret, one.name);
    onChange(put.text);
    setLeft(put.text);
    requestAnimationFrame(() => field.current?.setSelectionRange(put.caret, put.caret));
  };
  useEffect(() => {
    const { current } = field;
    if (current === null || found.length === 0) return;
    const onKey = (event: KeyboardEvent) => {
      const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
      if (step !== undefined) setAt((chosen + step + found.length) % found.length);
      else if (event.key === "Enter" || event.key === "Tab") take(chosen);
      else if (event.key === "Escape") setLeft(text);
      else return;
      event.preventDefault();
      event.stopPropagation();
    };
    current.addEventListener("keydown", onKey, true);
    return () => current.removeEventListener("keydown", onKey, true);
  });
  if (found.length === 0) return null;
  return (
    <div
      role="listbox"
      aria-label={t("mention")}
      className="absolute bottom-full start-0 z-20 mb-1 w-64 rounded-lg border border-line bg-surface p-1 text-ink shadow-pop"
    >
      {found.map((one, index) => (
        <div
          key={one.id}
          role="option"
          tabIndex={-1}
          aria-selected={index === chosen}
          className={cx(
            "flex cursor-pointer items-center gap-2 rounded-md px-2 py-1.5 text-sm",
            index === chosen && "bg-hover",
          )}
          onPointerDown={(event) => {
            event.preventDefault();
            take(index);
          }}
        >
          <Avatar id={one.id} name={one.name} size="tiny" /> {one.name}
        </div>
      ))}
    </div>
  );
}
