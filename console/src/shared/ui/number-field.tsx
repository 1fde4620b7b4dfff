import type { ReactNode } from "react";
import { duration } from "../words/figures";
import { useScreenWords } from "../words/screen-words";
import { Field } from "./form";

interface NumberProps {
  readonly label: string;
  /** null: nothing is set. */
  readonly value: number | null;
  readonly onChange: (value: number | null) => void;
  readonly min?: number;
  readonly max?: number;
  readonly hint?: ReactNode;
  readonly problem?: string | undefined;
  /** What stands in an empty field. */
  readonly placeholder?: string;
  readonly isDisabled?: boolean;
}

export function NumberField({ label, value, onChange, hint, problem, ...rest }: NumberProps) {
  const { min, max, placeholder, isDisabled } = rest;
  return (
    <Field label={label} {...(hint === undefined ? {} : { hint })} problem={problem}>
      {(wiring) => (
        <input
          type="number"
          inputMode="numeric"
          className="field"
          value={value ?? ""}
          min={min}
          max={max}
          placeholder={placeholder}
          disabled={isDisabled === true}
          onChange={({ target }) =>
            onChange(target.value === "" ? null : Math.trunc(target.valueAsNumber))
          }
          {...wiring}
        />
      )}
    </Field>
  );
}

/** Seconds, and below them what that is in the units that people think in. */
export function SecondsField({ hint, value, ...rest }: NumberProps) {
  const words = useScreenWords();
  const { t } = words;
  const read = value !== null && value >= 60 ? `= ${duration(value, words)}` : undefined;
  const said =
    read !== undefined && hint !== undefined ? (
      <>
        {read} · {hint}
      </>
    ) : (
      (read ?? hint)
    );
  return (
    <NumberField
      {...rest}
      label={t("inSeconds", { name: rest.label })}
      value={value}
      {...(said === undefined ? {} : { hint: said })}
    />
  );
}
