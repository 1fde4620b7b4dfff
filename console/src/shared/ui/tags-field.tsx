import { X } from "lucide-react";
import { useState } from "react";
import { useScreenWords } from "../words/screen-words";
import { Field } from "./form";

interface TagsProps {
  readonly label: string;
  readonly value: readonly string[];
  readonly onChange: (value: readonly string[]) => void;
  readonly hint?: string;
  readonly problem?: string | undefined;
  readonly placeholder?: string;
  readonly isDisabled?: boolean;
}

/** Short texts, each once: Enter or a comma ends one, Backspace in the empty field removes the last. */
export function TagsField({ label, value, onChange, hint, problem, ...rest }: TagsProps) {
  const { t } = useScreenWords();
  const [text, setText] = useState("");
  const add = () => {
    const wanted = text.split(",").map((part) => part.trim());
    const fresh = [...new Set(wanted)].filter((part) => part !== "" && !value.includes(part));
    setText("");
    if (fresh.length > 0) onChange([...value, ...fresh]);
  };
  return (
    <Field label={label} {...(hint === undefined ? {} : { hint })} problem={problem}>
      {(wiring) => (
        <div className="field flex flex-wrap items-center gap-1.5 focus-within:outline-2 focus-within:outline-accent">
          {value.map((tag) => (
            <span
              key={tag}
              dir="auto"
              className="inline-flex max-w-full items-center gap-1 rounded bg-sunken px-1.5 py-0.5 text-xs wrap-anywhere"
            >
              {tag}
              {rest.isDisabled !== true && (
                <button
                  type="button"
                  aria-label={t("removeName", { name: tag })}
                  className="cursor-pointer rounded text-muted hover:text-danger"
                  onClick={() => onChange(value.filter((one) => one !== tag))}
                >
                  <X className="size-3" aria-hidden="true" />
                </button>
              )}
            </span>
          ))}
          <input
            {...wiring}
            dir="auto"
            className="min-w-24 flex-1 bg-transparent text-sm outline-none placeholder:text-muted"
            value={text}
            placeholder={value.length === 0 ? rest.placeholder : undefined}
            disabled={rest.isDisabled === true}
            onChange={(event) => setText(event.target.value)}
            onBlur={add}
            onKeyDown={(event) => {
              if (event.nativeEvent.isComposing) return;
              if (event.key === "Enter" || event.key === ",") {
                event.preventDefault();
                add();
              } else if (event.key === "Backspace" && text === "") onChange(value.slice(0, -1));
            }}
          />
        </div>
      )}
    </Field>
  );
}
