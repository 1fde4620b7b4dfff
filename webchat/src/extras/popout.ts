import type { Scene } from "../panel/scene";
import css from "./popout.css?inline";

interface Pip {
  requestWindow(size: { width: number; height: number }): Promise<Window & typeof globalThis>;
}

const SIZE = { width: 400, height: 640 };

/**
 * Move the chat into a window that stays on top, and back when that closes. It stays the same
 * chat: only its host changes the document. Answers false where the browser has no such window.
 */
export async function popOut({ host: { root } }: Scene): Promise<boolean> {
  const pip = pipOf(window);
  if (pip === undefined) return false;
  const { host } = root;
  if (host.hasAttribute("data-popped")) return true;
  const sheets = [...root.adoptedStyleSheets];
  const place = host.parentElement;
  const popped = await pip.requestWindow(SIZE);
  takeElementsFrom(popped.document);
  host.setAttribute("data-popped", "");
  popped.document.body.append(host);
  root.adoptedStyleSheets = [...sheets.map(textOf), css].map((text) => sheetOf(popped, text));
  // Whoever closes the chat, or is followed out of it, has no use for an empty window.
  const watch = new MutationObserver(() => {
    if (root.querySelector(".window") === null) popped.close();
  });
  watch.observe(root, { childList: true, subtree: true });
  popped.addEventListener(
    "pagehide",
    () => {
      watch.disconnect();
      host.removeAttribute("data-popped");
      // It may have been taken off the page meanwhile.
      if (!host.isConnected) return;
      place?.append(host);
      root.adoptedStyleSheets = sheets;
    },
    { once: true },
  );
  return true;
}

/** Whether there is such a window, and the chat is not in it already. */
export function canPopOut({ host: { root } }: Scene): boolean {
  return pipOf(window) !== undefined && !root.host.hasAttribute("data-popped");
}

function pipOf(page: unknown): Pip | undefined {
  return (page as { documentPictureInPicture?: Pip }).documentPictureInPicture;
}

/**
 * Preact makes elements with the registry of their parent, and a parent that moved here has kept
 * that of its old document, which this one refuses. We have no elements of our own.
 */
function takeElementsFrom(document: Document): void {
  const make = document.createElementNS.bind(document) as (ns: string, name: string) => Element;
  document.createElementNS = ((ns: string, name: string) => make(ns, name)) as never;
}

/** A sheet belongs to the document it was made in. */
function sheetOf(view: Window & typeof globalThis, text: string): CSSStyleSheet {
  const sheet = new view.CSSStyleSheet();
  sheet.replaceSync(text);
  return sheet;
}

function textOf(sheet: CSSStyleSheet): string {
  return [...sheet.cssRules].map((rule) => rule.cssText).join("\n");
}
