interface ChoiceProps {
  readonly label: string;
  readonly value: string;
  readonly options: readonly (readonly [string, string])[];
  readonly onChange: (value: string) => void;
}

/** One of some, beside what it is of. */
export function Choice({ label, value, options, onChange }: ChoiceProps) {
  return (
    <label className="grid grid-cols-[6rem_1fr] items-center gap-2 text-xs font-medium text-muted">
      {label}
      <select className="field" value={value} onChange={(event) => onChange(event.target.value)}>
        {options.map(([key, text]) => (
          <option key={key} value={key}>
            {text}
          </option>
        ))}
      </select>
    </label>
  );
}
