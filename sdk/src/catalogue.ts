/**
 * Words of a page by key, in the JSON format of i18next: flat, `{{name}}` for what is put in,
 * `key_one`, `key_other` … for plurals of `count`.
 */
export type Catalogue = Readonly<Record<string, string>>;
export type Vars = Readonly<Record<string, string | number>>;

/** The keys of a catalogue without the endings of plurals. */
export type KeyOf<C> = keyof C extends infer K
  ? K extends `${infer Base}_${Intl.LDMLPluralRule}`
    ? Base
    : K
  : never;

export type Translate<K extends string = string> = (key: K, vars?: Vars) => string;

/** A key that is missing is shown itself: ugly, and found. */
export function translator<K extends string>(catalogue: Catalogue, locale: string): Translate<K> {
  // Making them takes a phone tens of milliseconds, and most texts have no number.
  let numbers: Intl.NumberFormat | undefined;
  let plurals: Intl.PluralRules | undefined;
  return (key, vars = {}) => {
    plurals ??= typeof vars.count === "number" ? new Intl.PluralRules(locale) : undefined;
    const form = typeof vars.count === "number" ? plurals?.select(vars.count) : "";
    const text = catalogue[`${key}_${form}`] ?? catalogue[`${key}_other`] ?? catalogue[key] ?? key;
    return text.replace(/\{\{(\w+)\}\}/gu, (_, name: string) => {
      const value = vars[name] ?? "";
      if (typeof value === "string") return value;
      numbers ??= new Intl.NumberFormat(locale);
      return numbers.format(value);
    });
  };
}
