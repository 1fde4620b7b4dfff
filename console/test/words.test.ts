import { readdirSync, readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { LOCALES, localeOf } from "../src/shared/words/locale";

const FOLDER = new URL("../locales/", import.meta.url);
const PLURAL = /_(?:zero|one|two|few|many|other)$/u;

function catalogue(locale: string): Record<string, string> {
  return JSON.parse(readFileSync(new URL(`${locale}.json`, FOLDER), "utf8"));
}

const bases = (words: Record<string, string>) =>
  [...new Set(Object.keys(words).map((key) => key.replace(PLURAL, "")))].sort();
const slots = (text: string) =>
  [...text.matchAll(/\{\{(\w+)\}\}/gu)].map(([, name]) => name).sort();
const english = catalogue("en");

test("there is a catalogue for each language that can be chosen, the same as in the widget", () => {
  const there = readdirSync(FOLDER).filter((file) => file.endsWith(".json"));
  expect(there.sort()).toEqual(
    Object.keys(LOCALES)
      .map((locale) => `${locale}.json`)
      .sort(),
  );
  const widget = readdirSync(new URL("../../webchat/locales/", import.meta.url));
  expect(there).toEqual(widget.sort());
});

test("the first language that is known is taken, whatever its region", () => {
  expect(localeOf(["sv-SE", "pt-BR", "de"])).toBe("pt");
  expect(localeOf(["sv"])).toBe("en");
});

describe.each(Object.keys(LOCALES))("the catalogue %s", (locale) => {
  const words = catalogue(locale);

  test("says everything that the English one says", () => {
    expect(bases(words)).toEqual(bases(english));
    for (const text of Object.values(words)) expect(text.trim()).not.toBe("");
  });

  test("has a form for each count that its language tells apart", () => {
    const rules = new Intl.PluralRules(locale);
    const forms = new Set(Array.from({ length: 120 }, (_, count) => rules.select(count)));
    for (const key of bases(words).filter((base) => `${base}_other` in words)) {
      for (const form of forms) expect(words, key).toHaveProperty(`${key}_${form}`);
    }
  });

  test("puts in what the English one puts in", () => {
    for (const key of Object.keys(english).filter((it) => !PLURAL.test(it))) {
      expect(slots(words[key] ?? ""), key).toEqual(slots(english[key] ?? ""));
    }
  });
});
