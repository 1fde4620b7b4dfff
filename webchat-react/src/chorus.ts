import type { Chorus, Facts } from "../../webchat/src/api.ts";

export type {
  Attributes,
  Chorus,
  ConnectionPhase,
  EventName,
  Events,
  Facts,
  Field,
  Listener,
  Meta,
  Settings,
  Theme,
  UploadedFile,
  User,
  View,
} from "../../webchat/src/api.ts";

/** Where the widget comes from. */
export interface Source {
  /** Your server: `https://chat.example.com`. */
  readonly server: string;
  /** For a page whose policy has nonces: the one of this page. */
  readonly nonce?: string | undefined;
}

/** What is so before the widget has said anything. */
export const NOTHING_YET: Readonly<Facts> = {
  open: false,
  unread: 0,
  connection: "idle",
  availability: null,
  conversationId: null,
  visitorId: null,
};

type Call = (...call: unknown[]) => Promise<unknown>;
type Door = Call & { readonly widget?: unknown };

const loading = new Map<string, Promise<Door | undefined>>();

/**
 * The `Chorus` function of the page, whose script is fetched once, whoever asks and how often.
 *
 * Calls are kept in order until it is here. Nothing is thrown: where the script cannot be had,
 * calls answer `undefined`, and the window hears one `chorus:error`. Without a document, as on a
 * server, calls do nothing.
 */
export function loadChorus(source: Source): Chorus {
  const call: Call = async (...words) => {
    const door = await load(source);
    return door?.(...words);
  };
  return call as unknown as Chorus;
}

function load({ server, nonce }: Source): Promise<Door | undefined> {
  if (typeof document === "undefined") return Promise.resolve(undefined);
  const here = door();
  if (here !== undefined) return Promise.resolve(here);
  const url = new URL("/widget/v1/chorus.js", server).href;
  const known = loading.get(url) ?? fetchScript(url, nonce);
  loading.set(url, known);
  return known;
}

/** The page's own function once the script has made it; until then it is at most a queue. */
function door(): Door | undefined {
  const found = (window as unknown as { Chorus?: Door }).Chorus;
  return found !== undefined && "widget" in found ? found : undefined;
}

function fetchScript(url: string, nonce: string | undefined): Promise<Door | undefined> {
  return new Promise((resolve) => {
    const script = scriptOf(url) ?? insert(url, nonce);
    script.addEventListener("load", () => resolve(door()));
    script.addEventListener("error", () => {
      // A network that is away comes back: who asks then begins anew.
      loading.delete(url);
      script.remove();
      tellBlocked(url);
      resolve(undefined);
    });
  });
}

/** A script that the page itself has in its HTML, and that is still on its way. */
function scriptOf(url: string): HTMLScriptElement | undefined {
  return [...document.scripts].find((it) => it.src === url);
}

function insert(url: string, nonce: string | undefined): HTMLScriptElement {
  const script = document.createElement("script");
  script.async = true;
  script.dataset.manual = "";
  if (nonce !== undefined) script.nonce = nonce;
  script.src = url;
  document.head.append(script);
  return script;
}

function tellBlocked(url: string): void {
  const message = `${url} could not be loaded: blocked by the page, an extension, or the network`;
  const detail = { code: "SCRIPT_BLOCKED", message };
  window.dispatchEvent(new CustomEvent("chorus:error", { detail }));
}
