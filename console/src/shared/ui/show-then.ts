import { flushSync } from "react-dom";

/**
 * Change what is shown, and do the rest with what is there then, before the next key is read.
 *
 * A frame later, the first letters of who types fast would be lost, or run commands.
 */
export function showThen(change: () => void, then: () => void): void {
  flushSync(change);
  then();
}
