import { linkify } from "@chorus/sdk/linkify";

/** Text as text: whatever a person wrote stays characters, and addresses become links. */
export function RichText({ text }: { readonly text: string }) {
  return (
    <span class="text" dir="auto">
      {linkify(text).map((part, at) =>
        part.href === undefined ? (
          part.text
        ) : (
          <a key={at} href={part.href} target="_blank" rel="noopener noreferrer nofollow">
            {part.text}
          </a>
        ),
      )}
    </span>
  );
}
