import { linkify } from "@chorus/sdk";

/** Text as text: whatever a person wrote stays characters, and addresses become links. */
export function RichText({ text }: { readonly text: string }) {
  return (
    <span className="text" dir="auto">
      {linkify(text).map((part, at) =>
        part.href === undefined ? (
          part.text
        ) : (
          <a
            // biome-ignore lint/suspicious/noArrayIndexKey: parts of one text never move.
            key={at}
            href={part.href}
            target="_blank"
            rel="noopener noreferrer nofollow"
          >
            {part.text}
          </a>
        ),
      )}
    </span>
  );
}
