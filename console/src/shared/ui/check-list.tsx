import type { ReactNode } from "react";

export interface Checkable {
  readonly id: string;
  readonly name: ReactNode;
  readonly note?: ReactNode;
}

interface CheckListProps {
  readonly label: string;
  readonly items: readonly Checkable[];
  readonly chosen: ReadonlySet<string>;
  readonly onChange: (id: string, isChosen: boolean) => void;
  readonly isDisabled?: boolean;
  /** What stands here when there is nothing to choose. */
  readonly empty?: string;
  readonly hint?: string;
}

/** Any number of things, each with a box. */
export function CheckList({ label, items, chosen, onChange, ...rest }: CheckListProps) {
  return (
    <fieldset className="min-w-0 text-sm">
      <legend className="mb-1 font-medium">{label}</legend>
      {rest.hint !== undefined && <p className="mb-1.5 text-xs text-muted">{rest.hint}</p>}
      {items.length === 0 && <p className="text-muted">{rest.empty}</p>}
      <div className="grid grid-cols-[repeat(auto-fill,minmax(13rem,1fr))] gap-x-4">
        {items.map(({ id, name, note }) => (
          <label key={id} className="flex cursor-pointer items-center gap-2.5 rounded-md py-1">
            <input
              type="checkbox"
              className="size-4 shrink-0 accent-accent"
              checked={chosen.has(id)}
              disabled={rest.isDisabled === true}
              onChange={(event) => onChange(id, event.target.checked)}
            />
            <span className="min-w-0 truncate" dir="auto">
              {name}
            </span>
            {note !== undefined && <span className="text-xs text-muted">{note}</span>}
          </label>
        ))}
      </div>
    </fieldset>
  );
}

/** A set with or without one of its members. */
export function withMember<T>(set: Iterable<T>, member: T, isIn: boolean): T[] {
  const others = [...set].filter((one) => one !== member);
  return isIn ? [...others, member] : others;
}
