import type { Chorus, MethodName } from "../api";
import { settingsOf } from "./settings";
import { Widget } from "./widget";

type Call = readonly [method: MethodName, ...args: unknown[]];
type Door = Chorus & { q?: ArrayLike<unknown>[]; widget?: Widget };

/** Listeners come first and then the start, whatever the order of the calls: others need them. */
const ORDER = ["on", "once", "off", "boot"];

/**
 * Give the page its `Chorus` function: first what was called before this script was here, then
 * what comes. A second copy of the script leaves everything as it is.
 */
function install(script: HTMLScriptElement | null): void {
  const page = window as unknown as { Chorus?: Door };
  if (page.Chorus?.widget !== undefined) return;
  const calls = Array.from(page.Chorus?.q ?? [], (call) => Array.from(call) as unknown as Call);
  const widget = new Widget(new URL(".", script?.src || location.href).href, script?.nonce);
  const door = ((...call: Call) => widget.call(...call)) as unknown as Door;
  door.widget = widget;
  page.Chorus = door;
  const settings = script?.dataset.manual === undefined && script ? settingsOf(script) : undefined;
  if (settings !== undefined && !calls.some(([name]) => name === "boot")) {
    calls.push(["boot", settings]);
  }
  // Whose chat it is, is better known before it begins than after.
  const user = calls.find(([name]) => name === "identify")?.[1];
  // What is not in the list is last.
  const rank = ([name]: Call) => (ORDER.indexOf(name) + 5) % 5;
  for (const [name, ...args] of calls.sort((a, b) => rank(a) - rank(b))) {
    void widget.call(name, ...(name === "boot" ? [{ user, ...Object(args[0]) }] : args));
  }
}

try {
  install(document.currentScript as HTMLScriptElement | null);
} catch (cause) {
  // An old browser, or a page that broke its own: it stays as it was.
  dispatchEvent(new CustomEvent("chorus:error", { detail: { code: "LOADER", cause } }));
}
