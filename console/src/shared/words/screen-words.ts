import { type Catalogue, type KeyOf, type Translate, translator } from "@chorus/sdk/catalogue";
import { use, useMemo } from "react";
import english from "../../../locales/screens/en.json";
import type { Locale, WordKey, Words } from "./locale";
import { useWords } from "./words";

/** Words of the screens that load when somebody goes there; the first load does without them. */
export type ScreenKey = KeyOf<typeof english>;

export interface ScreenWords extends Words {
  readonly t: Translate<WordKey | ScreenKey>;
}

const CATALOGUES = import.meta.glob<Catalogue>(["../../../locales/screens/*.json", "!**/en.json"], {
  import: "default",
});
const asked = new Map<Locale, Promise<Catalogue>>();

/** The words of every page and of these screens. Suspends until they are there. */
export function useScreenWords(): ScreenWords {
  const words = useWords();
  const { language } = words;
  const catalogue: Catalogue = language === "en" ? english : use(catalogueOf(language));
  return useMemo(() => joined(words, catalogue), [words, catalogue]);
}

/** English stands in for words that a catalogue does not have. */
export function joined(words: Words, catalogue: Catalogue): ScreenWords {
  const own = translator<string>({ ...english, ...catalogue }, words.locale);
  const t: ScreenWords["t"] = (key, vars) => {
    const text = own(key, vars);
    return text === key ? words.t(key as WordKey, vars) : text;
  };
  return { ...words, t };
}

/** English stands in for a language that cannot be loaded. */
function catalogueOf(locale: Locale): Promise<Catalogue> {
  const load = CATALOGUES[`../../../locales/screens/${locale}.json`];
  const known = asked.get(locale) ?? load?.().catch(() => english) ?? Promise.resolve(english);
  asked.set(locale, known);
  return known;
}
