import { type ComponentProps, type ReactNode, useId } from "react";
import { cx } from "./class";

interface FieldProps {
  readonly label: string;
  readonly hint?: ReactNode;
  /** What is wrong with it, in the words of whoever found it. */
  readonly problem?: string | undefined;
  readonly children: (props: FieldWiring) => ReactNode;
  readonly className?: string;
}

export interface FieldWiring {
  readonly id: string;
  readonly "aria-describedby"?: string;
  readonly "aria-invalid"?: true;
}

/** A field with its name above and, below, what to know of it. */
export function Field({ label, hint, problem, children, className }: FieldProps) {
  const id = useId();
  const said = problem ?? hint;
  return (
    <div className={cx("flex min-w-0 flex-col gap-1 text-sm", className)}>
      <label htmlFor={id} className="font-medium">
        {label}
      </label>
      {children({
        id,
        ...(said === undefined ? {} : { "aria-describedby": `${id}-said` }),
        ...(problem === undefined ? {} : { "aria-invalid": true }),
      })}
      {said !== undefined && (
        <p
          id={`${id}-said`}
          className={cx("text-xs", problem === undefined ? "text-muted" : "text-danger")}
        >
          {said}
        </p>
      )}
    </div>
  );
}

interface TextProps extends Omit<ComponentProps<"input">, "onChange" | "value"> {
  readonly label: string;
  readonly value: string;
  readonly onChange: (value: string) => void;
  readonly hint?: ReactNode;
  readonly problem?: string | undefined;
  readonly fieldClass?: string;
}

export function TextField(props: TextProps) {
  const { label, value, onChange, hint, problem, fieldClass, className, ...rest } = props;
  return (
    <Field
      label={label}
      {...(hint === undefined ? {} : { hint })}
      problem={problem}
      {...(fieldClass === undefined ? {} : { className: fieldClass })}
    >
      {(wiring) => (
        <input
          className={cx("field", className)}
          value={value}
          onChange={(event) => onChange(event.target.value)}
          {...wiring}
          {...rest}
        />
      )}
    </Field>
  );
}

interface AreaProps extends Omit<TextProps, keyof ComponentProps<"input">> {
  readonly label: string;
  readonly value: string;
  readonly onChange: (value: string) => void;
  readonly rows?: number;
  readonly maxLength?: number;
  readonly disabled?: boolean;
}

export function AreaField({ label, value, onChange, hint, problem, rows = 3, ...rest }: AreaProps) {
  return (
    <Field label={label} {...(hint === undefined ? {} : { hint })} problem={problem}>
      {(wiring) => (
        <textarea
          className="field resize-y"
          dir="auto"
          rows={rows}
          value={value}
          onChange={(event) => onChange(event.target.value)}
          {...wiring}
          {...rest}
        />
      )}
    </Field>
  );
}

export interface Option {
  readonly value: string;
  readonly label: string;
}

interface SelectProps {
  readonly label: string;
  readonly value: string;
  readonly options: readonly Option[];
  readonly onChange: (value: string) => void;
  readonly hint?: ReactNode;
  readonly problem?: string | undefined;
  readonly disabled?: boolean;
}

export function SelectField({ label, value, options, onChange, ...rest }: SelectProps) {
  const { hint, problem, disabled } = rest;
  return (
    <Field label={label} {...(hint === undefined ? {} : { hint })} problem={problem}>
      {(wiring) => (
        <select
          className="field"
          value={value}
          disabled={disabled}
          onChange={(event) => onChange(event.target.value)}
          {...wiring}
        >
          {options.map((option) => (
            <option key={option.value} value={option.value}>
              {option.label}
            </option>
          ))}
        </select>
      )}
    </Field>
  );
}

/** A choice in the first line of a page; its name is said, not shown. */
export function Pick({ label, value, options, onChange }: SelectProps) {
  return (
    <select
      aria-label={label}
      className="field max-w-56 w-auto"
      value={value}
      onChange={(event) => onChange(event.target.value)}
    >
      {options.map((option) => (
        <option key={option.value} value={option.value}>
          {option.label}
        </option>
      ))}
    </select>
  );
}

interface SwitchProps {
  readonly label: string;
  readonly hint?: ReactNode;
  readonly isOn: boolean;
  readonly onChange: (isOn: boolean) => void;
  readonly isDisabled?: boolean;
}

export function Switch({ label, hint, isOn, onChange, isDisabled }: SwitchProps) {
  return (
    <label className="flex cursor-pointer items-start gap-3 text-sm">
      <input
        type="checkbox"
        className="mt-0.5 size-4 shrink-0 accent-accent"
        checked={isOn}
        disabled={isDisabled === true}
        onChange={(event) => onChange(event.target.checked)}
      />
      <span>
        <span className="font-medium">{label}</span>
        {hint !== undefined && <span className="block text-xs text-muted">{hint}</span>}
      </span>
    </label>
  );
}

interface SegmentsProps {
  readonly label: string;
  readonly value: string;
  readonly options: readonly Option[];
  readonly onChange: (value: string) => void;
}

/** A few choices side by side, one of which holds. */
export function Segments({ label, value, options, onChange }: SegmentsProps) {
  const name = useId();
  return (
    <fieldset className="inline-flex rounded-lg border border-line-strong bg-surface p-0.5 text-sm">
      <legend className="sr-only">{label}</legend>
      {options.map((option) => (
        <label
          key={option.value}
          className={cx(
            "relative cursor-pointer rounded-md px-3 py-1 has-focus-visible:outline-2 has-focus-visible:outline-accent",
            option.value === value
              ? "bg-accent-soft font-medium text-accent-text"
              : "text-muted hover:text-ink",
          )}
        >
          <input
            type="radio"
            name={name}
            className="absolute inset-0 cursor-pointer opacity-0"
            checked={option.value === value}
            onChange={() => onChange(option.value)}
          />
          {option.label}
        </label>
      ))}
    </fieldset>
  );
}
