import type { Message } from "@chorus/sdk";

/** What a message says in words; its files by their names. */
export function wordsOf({ content, files = [] }: Message): string {
  return [content, ...files.map(({ name }) => name)].join(" ");
}
