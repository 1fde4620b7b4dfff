/** What can be read on a colour, and what can be read of it, by the contrast of WCAG 2.2. */

export type Rgb = readonly [red: number, green: number, blue: number];

/** Contrast of text that AA asks for. */
export const READABLE = 4.5;
/** Up to this luminance white stands out by 4.5; from 0.175 on, black does. */
const DARK = 1.05 / READABLE - 0.05;
const STEP = 0.05;

/** Read `#rgb` or `#rrggbb`; undefined for anything else. */
export function parseColour(text = ""): Rgb | undefined {
  const long = text.length === 4 ? text.replace(/[\da-f]/giu, "$&$&") : text;
  if (!/^#[\da-f]{6}$/iu.test(long)) return undefined;
  return [1, 3, 5].map((at) => Number.parseInt(long.slice(at, at + 2), 16)) as never;
}

/** White where it can be read on this colour, else black, which then can. */
export function onColour(colour: Rgb): "#fff" | "#000" {
  return luminance(colour) <= DARK ? "#fff" : "#000";
}

export function contrast(one: Rgb, other: Rgb): number {
  const [low = 0, high = 0] = [luminance(one), luminance(other)].sort((a, b) => a - b);
  return (high + 0.05) / (low + 0.05);
}

/** The nearest shade that can be read on a surface, for who chooses a colour that cannot. */
export function readableOn(colour: Rgb, surface: Rgb): Rgb {
  const target = onColour(surface) === "#fff" ? 255 : 0;
  let shade = colour;
  for (let share = STEP; share <= 1 && contrast(shade, surface) < READABLE; share += STEP) {
    shade = colour.map((part) => Math.round(part + (target - part) * share)) as never;
  }
  return shade;
}

export function luminance(colour: Rgb): number {
  const [red = 0, green = 0, blue = 0] = colour.map((part) => {
    const share = part / 255;
    return share <= 0.04045 ? share / 12.92 : ((share + 0.055) / 1.055) ** 2.4;
  });
  return 0.2126 * red + 0.7152 * green + 0.0722 * blue;
}
