import { type Catalogue, type KeyOf, type Translate, translator } from "@chorus/sdk/catalogue";
import { use, useMemo } from "react";
import english from "../../../locales/traits/en.json";
import type { Locale } from "../words/locale";
import { useWords } from "../words/words";

/** Words for what rules read of a customer's words; nobody needs them before there is something. */
export type TraitKey = KeyOf<typeof english>;

const CATALOGUES = import.meta.glob<Catalogue>(["../../../locales/traits/*.json", "!**/en.json"], {
  import: "default",
});
const asked = new Map<Locale, Promise<Catalogue>>();

/** Suspends until they are there. */
export function useTraitWords(): Translate<TraitKey> {
  const { language, locale } = useWords();
  const catalogue: Catalogue = language === "en" ? english : use(catalogueOf(language));
  return useMemo(() => translator({ ...english, ...catalogue }, locale), [catalogue, locale]);
}

/** English stands in for a language that cannot be loaded. */
function catalogueOf(language: Locale): Promise<Catalogue> {
  const load = CATALOGUES[`../../../locales/traits/${language}.json`];
  const known = asked.get(language) ?? load?.().catch(() => english) ?? Promise.resolve(english);
  asked.set(language, known);
  return known;
}
