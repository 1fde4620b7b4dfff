type Words = readonly [launcher: string, failed: string];

/** What must be said before any catalogue is here: the name of the launcher, and that it failed. */
const WORDS: Readonly<Record<string, Words>> = {
  en: ["Chat with us", "The chat cannot be loaded. Please try again."],
  de: ["Mit uns chatten", "Der Chat lädt nicht. Bitte erneut versuchen."],
  ar: ["تحدّث معنا", "تعذّر تحميل الدردشة. حاول مرة أخرى."],
  fr: ["Discuter avec nous", "Le chat ne se charge pas. Réessayez."],
  es: ["Chatea con nosotros", "El chat no se carga. Reinténtalo."],
  it: ["Chatta con noi", "La chat non si carica. Riprova."],
  pt: ["Fale connosco", "O chat não carrega. Tente novamente."],
  pl: ["Porozmawiaj z nami", "Czat się nie wczytuje. Spróbuj ponownie."],
  ja: ["チャットで相談", "チャットを読み込めません。再試行してください。"],
};

/** The first wish that there are words for: `de-CH` is `de`; English when there is none. */
export function localeOf(wishes: readonly (string | undefined)[]): string {
  const languages = wishes.map((wish) => wish?.slice(0, 2).toLowerCase() ?? "");
  return languages.find((language) => language in WORDS) ?? "en";
}

/** The words of one of the languages that `localeOf` answers. */
export function wordsOf(locale: string): Words {
  return WORDS[locale] as Words;
}
