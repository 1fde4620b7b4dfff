import {
  contrast,
  onColour,
  parseColour,
  READABLE,
  type Rgb,
  readableOn,
} from "@chorus/sdk/colour";
import { expect, test } from "vitest";

const STEPS = [0, 15, 60, 100, 118, 119, 128, 160, 200, 240, 255];
const COLOURS = STEPS.flatMap((red) =>
  STEPS.flatMap((green) => STEPS.map((blue): Rgb => [red, green, blue])),
);
const BLACK: Rgb = [0, 0, 0];
const WHITE: Rgb = [255, 255, 255];
const DARK_SURFACE: Rgb = [20, 27, 26];

test("what stands on a colour can always be read", () => {
  for (const colour of COLOURS) {
    const text = onColour(colour) === "#fff" ? WHITE : BLACK;
    expect(contrast(colour, text), String(colour)).toBeGreaterThanOrEqual(READABLE);
  }
});

test("a suggested shade can be read, and one that already could is left as it is", () => {
  for (const colour of COLOURS) {
    for (const surface of [WHITE, DARK_SURFACE]) {
      const shade = readableOn(colour, surface);
      expect(contrast(shade, surface), String(colour)).toBeGreaterThanOrEqual(READABLE);
      if (contrast(colour, surface) >= READABLE) expect(shade).toEqual(colour);
    }
  }
});

test("contrast is that of the standard", () => {
  expect(contrast(BLACK, WHITE)).toBeCloseTo(21, 5);
  expect(contrast([118, 118, 118], WHITE)).toBeCloseTo(4.54, 2);
});

test("a colour has three or six digits, and nothing else is one", () => {
  expect(parseColour("#0f6b64")).toEqual([15, 107, 100]);
  expect(parseColour("#FA0")).toEqual([255, 170, 0]);
  const strange = ["", "red", "#12", "#12345", "#1234567", "0f6b64", "#0f6b6g", "#fff}*{", " #fff"];
  for (const text of [...strange, undefined]) expect(parseColour(text)).toBeUndefined();
});
