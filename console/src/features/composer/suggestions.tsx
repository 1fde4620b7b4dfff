import { type ReactNode, type RefObject, useEffect, useState } from "react";
import { cx } from "../../shared/ui/class";

interface Suggesting<T> {
  readonly field: RefObject<HTMLTextAreaElement | null>;
  readonly text: string;
  readonly items: readonly T[];
  /** Puts it in, and answers the text with it: there is nothing to suggest in that. */
  readonly onTake: (item: T) => string | Promise<string>;
}

/** What is offered at the caret: arrows choose, Enter or Tab takes, Escape leaves it. */
export function useSuggesting<T>({ field, text, items, onTake }: Suggesting<T>) {
  const [at, setAt] = useState(0);
  const [left, setLeft] = useState<string | null>(null);
  const shown = text === left ? [] : items;
  const chosen = Math.min(at, shown.length - 1);
  const take = (index: number) => {
    const item = shown[index];
    setAt(0);
    setLeft(text);
    if (item === undefined) return;
    const put = onTake(item);
    if (typeof put === "string") setLeft(put);
    else void put.then(setLeft);
  };
  useEffect(() => {
    const { current } = field;
    if (current === null || shown.length === 0) return;
    const onKey = (event: KeyboardEvent) => {
      const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
      if (step !== undefined) setAt((chosen + step + shown.length) % shown.length);
      else if (event.key === "Enter" || event.key === "Tab") take(chosen);
      else if (event.key === "Escape") setLeft(text);
      else return;
      event.preventDefault();
      event.stopPropagation();
    };
    current.addEventListener("keydown", onKey, true);
    return () => current.removeEventListener("keydown", onKey, true);
  });
  return { items: shown, chosen, take };
}

interface SuggestionsProps<T> {
  readonly label: string;
  readonly items: readonly T[];
  readonly chosen: number;
  readonly take: (index: number) => void;
  readonly keyOf: (item: T) => string;
  readonly children: readonly [(item: T) => ReactNode, ReactNode?] | ((item: T) => ReactNode);
}

export function Suggestions<T>({
  label,
  items,
  chosen,
  take,
  keyOf,
  children,
}: SuggestionsProps<T>) {
  const [draw, foot] = typeof children === "function" ? [children] : children;
  if (items.length === 0) return null;
  return (
    <div className="absolute start-0 bottom-full z-20 mb-1 w-80 rounded-lg border border-line bg-surface p-1 text-ink shadow-pop">
      <div role="listbox" aria-label={label}>
        {items.map((item, index) => (
          <div
            key={keyOf(item)}
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
            {draw(item)}
          </div>
        ))}
      </div>
      {foot}
    </div>
  );
}
