export interface TextPart {
  readonly text: string;
  /** Present on links; http(s) or mailto only. */
  readonly href?: string;
}

const LINK = /\bhttps?:\/\/[^\s<>"']+|\b[\w.+-]+@[\w-]+(?:\.[\w-]+)+\b/giu;
const TRAILING = /[.,;:!?)\]}'"»”]+$/u;

/**
 * Split text into plain parts and links, to be drawn as text nodes and anchors.
 * Only `http:`, `https:` and addresses become links, so no script URL can.
 */
export function linkify(text: string): TextPart[] {
  const parts: TextPart[] = [];
  let from = 0;
  for (const match of text.matchAll(LINK)) {
    const link = trimLink(match[0]);
    const href = hrefOf(link);
    if (href === null) continue;
    if (match.index > from) parts.push({ text: text.slice(from, match.index) });
    parts.push({ text: link, href });
    from = match.index + link.length;
  }
  if (from < text.length) parts.push({ text: text.slice(from) });
  return parts;
}

function trimLink(link: string): string {
  const trimmed = link.replace(TRAILING, "");
  const rest = link.slice(trimmed.length);
  // A closing bracket belongs to the link when the link opened one: …/Chat_(disambiguation)
  return rest.startsWith(")") && trimmed.includes("(") && !trimmed.includes(")")
    ? `${trimmed})`
    : trimmed;
}

function hrefOf(link: string): string | null {
  if (!/^https?:/iu.test(link)) return `mailto:${link}`;
  return URL.canParse(link) ? new URL(link).href : null;
}
