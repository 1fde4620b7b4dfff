interface FactsProps {
  readonly title: string;
  readonly facts: readonly (readonly [string, string | null | undefined])[];
}

/** Names and values; what is not known is left out. */
export function Facts({ title, facts }: FactsProps) {
  const known = facts.filter(([, value]) => value != null && value !== "");
  if (known.length === 0) return null;
  return (
    <section className="flex flex-col gap-2">
      <h3 className="text-xs font-semibold text-muted">{title}</h3>
      <dl className="flex flex-col gap-2">
        {known.map(([name, value]) => (
          <div key={name} className="grid grid-cols-[6.5rem_1fr] gap-2">
            <dt className="text-muted">{name}</dt>
            <dd dir="auto" className="wrap-anywhere">
              {value}
            </dd>
          </div>
        ))}
      </dl>
    </section>
  );
}
