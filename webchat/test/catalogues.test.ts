import { readdirSync, readFileSync } from "node:fs";
import { translator } from "@chorus/sdk/catalogue";
import { describe, expect, test } from "vitest";
import { localeOf, wordsOf } from "../src/loader/words";

const FOLDER = new URL("../locales/", import.meta.url);
const LOCALES = ["ar", "de", "en", "es", "fr", "it", "ja", "pl", "pt"];
const PLURAL = /_(?:zero|one|two|few|many|other)$/u;

function catalogue(locale: string): Record<string, string> {
  return JSON.parse(readFileSync(new URL(`${locale}.json`, FOLDER), "utf8"));
}

function bases(words: Record<string, string>): string[] {
  return [...new Set(Object.keys(words).map((key) => key.replace(PLURAL, "")))].sort();
}

function slots(text: string): string[] {
  return [...text.matchAll(/\{\{(\w+)\}\}/gu)].map(([, name]) => name ?? "").sort();
}

const english = catalogue("en");

test("the loader knows a launcher for each catalogue, and each has one", () => {
  expect(readdirSync(FOLDER).map((file) => file.replace(".json", ""))).toEqual(LOCALES);
  for (const locale of LOCALES) expect(localeOf([locale])).toBe(locale);
  expect(new Set(LOCALES.map((locale) => wordsOf(locale)[0])).size).toBe(LOCALES.length);
});

describe.each(LOCALES)("the catalogue %s", (locale) => {
  const words = catalogue(locale);

  test("says everything that the English one says, in words of its own", () => {
    expect(bases(words)).toEqual(bases(english));
    for (const text of Object.values(words)) expect(text.trim()).not.toBe("");
    const same = Object.keys(english).filter((key) => words[key] === english[key]);
    if (locale !== "en") expect(same.length).toBeLessThan(10);
  });

  test("has a form for each count that its language tells apart", () => {
    const counted = bases(words).filter((key) => `${key}_other` in words);
    const rules = new Intl.PluralRules(locale);
    // A language may have a form for millions and for fractions; nobody waits so long.
    const forms = new Set(Array.from({ length: 120 }, (_, count) => rules.select(count)));
    for (const key of counted) {
      for (const form of forms) expect(words, `${key}_${form}`).toHaveProperty(`${key}_${form}`);
    }
    expect(counted).toEqual(["eta", "place", "retryIn"]);
  });

  test("puts in what the English one puts in", () => {
    const t = translator(words, locale);
    for (const key of Object.keys(english).filter((it) => !PLURAL.test(it))) {
      expect(slots(words[key] ?? ""), key).toEqual(slots(english[key] ?? ""));
    }
    expect(t("joined", { name: "Ada" })).toContain("Ada");
    expect(t("eta", { count: 17 })).toContain(new Intl.NumberFormat(locale).format(17));
  });
});

test("a key that is missing is shown itself, and a value that is missing is nothing", () => {
  const t = translator<string>({ hello: "Hello {{name}}!" }, "en");
  expect(t("nowhere")).toBe("nowhere");
  expect(t("hello")).toBe("Hello !");
  expect(t("hello", { name: "{{name}}" })).toBe("Hello {{name}}!");
});

test("the first wish with words wins, whatever its region, and English is the last", () => {
  expect(localeOf(["xx", undefined, "de-CH", "fr"])).toBe("de");
  expect(localeOf(["PT_BR"])).toBe("pt");
  expect(localeOf(["", "constructor"])).toBe("en");
});
