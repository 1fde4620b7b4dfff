import { useRef } from "react";
import { AreaField } from "../../shared/ui/form";
import { showThen } from "../../shared/ui/show-then";
import { useScreenWords } from "../../shared/words/screen-words";
import { insertVariable, VARIABLES } from "./texts";

interface VariableAreaProps {
  readonly label: string;
  readonly value: string;
  readonly onChange: (value: string) => void;
  readonly problem?: string | undefined;
  readonly rows?: number;
}

/** A text with variables; a button puts each where the caret is. */
export function VariableArea({ label, value, onChange, problem, rows = 5 }: VariableAreaProps) {
  const { t } = useScreenWords();
  const box = useRef<HTMLDivElement>(null);
  const insert = (name: string) => {
    const area = box.current?.querySelector("textarea");
    const { text, caret } = insertVariable(value, area?.selectionStart ?? value.length, name);
    showThen(
      () => onChange(text),
      () => {
        area?.focus();
        area?.setSelectionRange(caret, caret);
      },
    );
  };
  return (
    <div ref={box} className="flex flex-col gap-2">
      <AreaField
        label={label}
        value={value}
        rows={rows}
        problem={problem}
        hint={t("variablesHint")}
        onChange={onChange}
      />
      <div className="flex flex-wrap gap-1.5">
        {VARIABLES.map((name) => (
          <button
            key={name}
            type="button"
            className="cursor-pointer rounded bg-sunken px-1.5 py-0.5 font-mono text-xs text-muted hover:text-ink"
            aria-label={t("insertVariable", { name })}
            onClick={() => insert(name)}
          >
            {`{{${name}}}`}
          </button>
        ))}
      </div>
    </div>
  );
}
