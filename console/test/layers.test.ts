import { readdirSync, readFileSync } from "node:fs";
import { expect, test } from "vitest";

const ROOT = new URL("../src/", import.meta.url);
const IMPORT = /(?:from|import\()\s*"(\.{1,2}\/[^"]+)"/gu;
/** Who may be imported: features are composed by the app and know nothing of each other. */
const MAY: Readonly<Record<string, readonly string[]>> = {
  app: ["app", "features", "shared", "../locales"],
  features: ["shared"],
  shared: ["shared", "../locales"],
};

function layerOf(path: string): string {
  const [layer = "", ...rest] = path.split("/");
  return layer === ".." ? `../${rest[0]}` : layer;
}

function resolved(file: string, target: string): string {
  const url = new URL(target, new URL(file, ROOT));
  return url.href.startsWith(ROOT.href)
    ? url.href.slice(ROOT.href.length)
    : `../${url.href.slice(new URL("../", ROOT).href.length)}`;
}

const files = readdirSync(ROOT, { recursive: true, encoding: "utf8" }).filter((file) =>
  /\.tsx?$/u.test(file),
);

test("features import what is shared and themselves, never each other", () => {
  const wrong = files.flatMap((file) => {
    const text = readFileSync(new URL(file, ROOT), "utf8");
    return [...text.matchAll(IMPORT)]
      .map(([, target = ""]) => resolved(file, target))
      .filter((target) => !isAllowed(file, target))
      .map((target) => `${file} imports ${target}`);
  });
  expect(files.length).toBeGreaterThan(50);
  expect(wrong).toEqual([]);
});

function isAllowed(file: string, target: string): boolean {
  const own = file.split("/").slice(0, 2).join("/");
  if (file.startsWith("features/") && target.startsWith(`${own}/`)) return true;
  return (MAY[layerOf(file)] ?? []).includes(layerOf(target));
}
