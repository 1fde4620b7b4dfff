export interface CitedPart {
  /** Where it stands in the text: its key. */
  readonly at: number;
  readonly text: string;
  /** The place that is cited. */
  readonly seq?: number;
}

const CITATION = /\[(\d+(?:\s*,\s*\d+)*)\]/gu;

/** Split a summary at its citations: `[1, 3]` cites the messages at these places. */
export function citations(text: string): CitedPart[] {
  const parts: CitedPart[] = [];
  let from = 0;
  for (const match of text.matchAll(CITATION)) {
    if (match.index > from) parts.push({ at: from, text: text.slice(from, match.index) });
    let at = match.index + 1;
    for (const number of (match[1] ?? "").split(",")) {
      parts.push({ at, text: number.trim(), seq: Number(number) });
      at += number.length + 1;
    }
    from = match.index + match[0].length;
  }
  if (from < text.length) parts.push({ at: from, text: text.slice(from) });
  return parts;
}
