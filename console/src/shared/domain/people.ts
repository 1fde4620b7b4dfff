import type { Words } from "../words/locale";

export function contactName(name: string | null | undefined, id: string, { t }: Words): string {
  return name != null && name !== "" ? name : t("visitor", { id: id.slice(-4) });
}

export function initials(name: string): string {
  const words = name.split(/\s+/u).filter((word) => word !== "");
  return [words[0], words.length > 1 ? words.at(-1) : undefined]
    .map((word) => [...(word ?? "")][0] ?? "")
    .join("")
    .toUpperCase();
}

const HUES = 8;

/** One of eight hues, always the same for the same person. */
export function hueOf(id: string): number {
  return [...id].reduce((sum, char) => (sum * 31 + char.charCodeAt(0)) % HUES, 0);
}
