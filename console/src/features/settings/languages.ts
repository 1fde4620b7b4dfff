import type { Words } from "../../shared/words/locale";

/** `de` as a reader calls it; a tag that nobody knows as it is. */
export function languageNames(
  tags: readonly string[],
  { locale }: Pick<Words, "locale">,
): readonly string[] {
  const names = new Intl.DisplayNames(locale, { type: "language" });
  return tags.map((tag) => {
    try {
      return names.of(tag) ?? tag;
    } catch {
      return tag;
    }
  });
}
