import { linkify } from "@chorus/sdk";
import { useMemo } from "react";

/** Text as text, with links; nothing of it is ever read as HTML. */
export function RichText({ text }: { readonly text: string }) {
  const parts = useMemo(() => linkify(text), [text]);
  let at = 0;
  return (
    <span dir="auto" className="block whitespace-pre-wrap wrap-anywhere">
      {parts.map((part) => {
        const key = at;
        at += part.text.length;
        return part.href === undefined ? (
          part.text
        ) : (
          <a key={key} href={part.href} target="_blank" rel="noopener noreferrer" className="link">
            {part.text}
          </a>
        );
      })}
    </span>
  );
}
