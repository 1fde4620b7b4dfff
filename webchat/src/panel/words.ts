import { type Catalogue, type KeyOf, type Translate, translator } from "@chorus/sdk/catalogue";
import type english from "../../locales/en.json";

export type Key = KeyOf<typeof english>;

let translate: Translate<Key> = (key) => key;
let language = "en";

/** A page has one widget, so it has one language at a time. */
export function speak(locale: string, catalogue: Catalogue): void {
  // The region decides how a time is written, and catalogues have none.
  language = navigator.languages.find((tag) => tag.startsWith(locale)) ?? locale;
  translate = translator<Key>(catalogue, locale);
}

export const t: Translate<Key> = (key, vars) => translate(key, vars);

/** The language tag to write times and dates in. */
export function spoken(): string {
  return language;
}
