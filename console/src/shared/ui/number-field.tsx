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
  /** How many digits may stand behind the point; none unless it is said. */
  readonly places?: number;
}

export function NumberField({ label, value, onChange, hint, problem, ...rest }: NumberProps) {
  const { min, max, placeholder, isDisabled, places = 0 } = rest;
  return (
    <Field label={label} {...(hint === undefined ? {} : { hint })} problem={problem}>
      {(wiring) => (
        <input
          type="number"
          inputMode={places === 0 ? "numeric" : "decimal"}
          step={10 ** -places}
          className="field"
          value={value ?? ""}
          min={min}
          max={max}
          placeholder={placeholder}
          disabled={isDisabled === true}
          onChange={({ target }) =>
            onChange(target.value === "" ? null : cutTo(places, target.valueAsNumber))
          }
          {...wiring}
        />
      )}
    </Field>
  );
}

/** 0.29 is 28.999… hundredths to a machine: what it misses by is no place of the number. */
function cutTo(places: number, value: number): number {
  const scale = 10 ** places;
  return Math.trunc(Number((value * scale).toPrecision(15))) / scale;
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
