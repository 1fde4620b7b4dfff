export const TRAITS = ["name", "email", "phone", "locale"] as const;
export type Trait = (typeof TRAITS)[number];

export interface Attribute {
  readonly name: string;
  readonly value: string | number | boolean | null;
  /** The tenant's own backend vouched for it; else somebody typed it. */
  readonly signed: boolean;
}

export interface Contact extends Readonly<Record<Trait, string | null>> {
  readonly id: string;
  readonly verified: boolean;
  /** Of the traits those that were signed. */
  readonly signed: readonly Trait[];
  readonly attributes: readonly Attribute[];
  readonly lastSeenAt: string | null;
  readonly createdAt: string;
  readonly conversations: number;
}

export interface ContactSearch {
  readonly q?: string | undefined;
}

export function readContactSearch(search: Readonly<Record<string, unknown>>): ContactSearch {
  const { q } = search;
  const text = typeof q === "number" ? String(q) : q;
  return typeof text === "string" && text.trim() !== "" ? { q: text.slice(0, 200) } : {};
}
