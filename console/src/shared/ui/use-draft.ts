import { useState } from "react";

export interface Draft<T> {
  /** What the fields show: what is saved, with what was typed over it. */
  readonly value: T;
  /** Only what differs from what is saved. */
  readonly changes: Partial<T>;
  readonly isChanged: boolean;
  set(part: Partial<T>): void;
  reset(): void;
}

/** What somebody types over something saved. News of what is saved show where nothing was typed. */
export function useDraft<T extends object>(saved: T): Draft<T> {
  const [typed, setTyped] = useState<Partial<T>>({});
  const changes = changesOf(saved, typed);
  return {
    value: { ...saved, ...typed },
    changes,
    isChanged: Object.keys(changes).length > 0,
    set: (part) => setTyped((before) => ({ ...before, ...part })),
    reset: () => setTyped({}),
  };
}

export function changesOf<T extends object>(saved: T, typed: Partial<T>): Partial<T> {
  const keys = Object.keys(typed) as (keyof T)[];
  const changed = keys.filter((key) => JSON.stringify(typed[key]) !== JSON.stringify(saved[key]));
  return Object.fromEntries(changed.map((key) => [key, typed[key]])) as Partial<T>;
}
