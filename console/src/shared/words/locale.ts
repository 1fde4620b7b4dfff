import { type Catalogue, type KeyOf, type Translate, translator } from "@chorus/sdk/catalogue";
import english from "../../../locales/en.json";

export const LOCALES = {
  en: "English",
  de: "Deutsch",
  es: "Español",
  fr: "Français",
  it: "Italiano",
  pl: "Polski",
  pt: "Português",
  ja: "日本語",
  ar: "العربية",
} as const;

export type Locale = keyof typeof LOCALES;
export type WordKey = KeyOf<typeof english>;

/** The words of a language, and how its numbers, dates and lines run. */
export interface Words {
  /** For `Intl`: the language with the region of the browser, where it names one. */
  readonly locale: string;
  readonly language: Locale;
  readonly dir: "ltr" | "rtl";
  readonly t: Translate<WordKey>;
}

const CATALOGUES = import.meta.glob<Catalogue>(["../../../locales/*.json", "!**/en.json"], {
  import: "default",
});
/** What the browser asks for; nothing outside of one. */
const PREFERRED: readonly string[] = globalThis.navigator?.languages ?? [];
const RIGHT_TO_LEFT: ReadonlySet<string> = new Set(["ar"]);

export const ENGLISH: Words = wordsFrom("en", english);

/** The first language of a reader that there is a catalogue of. */
export function localeOf(wanted: readonly string[]): Locale {
  const known = wanted.map((tag) => tag.toLowerCase().split("-")[0] ?? "");
  return known.find(isLocale) ?? "en";
}

export function isLocale(tag: string): tag is Locale {
  return Object.hasOwn(LOCALES, tag);
}

export async function loadWords(locale: Locale): Promise<Words> {
  const load = CATALOGUES[`../../../locales/${locale}.json`];
  return load === undefined ? ENGLISH : wordsFrom(locale, await load());
}

function wordsFrom(locale: Locale, catalogue: Catalogue): Words {
  const dir = RIGHT_TO_LEFT.has(locale) ? "rtl" : "ltr";
  const regional = PREFERRED.find((tag) => tag.toLowerCase().startsWith(`${locale}-`));
  const tag = regional ?? locale;
  return { locale: tag, language: locale, dir, t: translator<WordKey>(catalogue, tag) };
}
