import { hasVisitorSession } from "@chorus/sdk/session-key";
import css from "./loader.css?inline";
import type { PanelHandle } from "./panel";
import type { ChatSettings, Theme } from "./settings";
import { adopt } from "./shadow";
import { TEXTS } from "./texts";

export interface Chat {
  open(): void;
  close(): void;
  setTheme(theme: Theme): void;
}

const BUBBLE_ICON =
  "M12 3C6.5 3 2 6.8 2 11.5c0 2.3 1.1 4.3 2.8 5.8-.2 1.2-.8 2.4-1.7 3.3-.2.3 0 .7.4.6 2-.2 3.8-.9 5.2-1.9 1 .3 2.1.4 3.3.4 5.5 0 10-3.7 10-8.3S17.5 3 12 3Z";
const CLOSE_ICON = "m6 9.5 6 6 6-6";

/**
 * Put the launcher on the page; everything else is fetched when it is needed.
 *
 * Nothing is stored and no connection is made before the visitor opens the chat, unless this
 * browser has talked here before.
 */
export function mountChat(settings: ChatSettings): Chat {
  const loader = new Loader(settings);
  return {
    open: () => void loader.open(),
    close: () => loader.close(),
    setTheme: (theme) => loader.setTheme(theme),
  };
}

class Loader {
  readonly #settings: ChatSettings;
  readonly #host = document.createElement("div");
  readonly #root: ShadowRoot;
  readonly #button: HTMLButtonElement;
  readonly #badge = document.createElement("span");
  readonly #error = document.createElement("div");
  #panel: Promise<PanelHandle> | undefined;

  constructor(settings: ChatSettings) {
    this.#settings = settings;
    this.#root = this.#host.attachShadow({ mode: "open" });
    adopt(this.#root, css);
    this.#button = this.#launcher();
    this.#error.className = "load-error";
    this.#error.setAttribute("role", "alert");
    this.#root.append(this.#button);
    this.setTheme(settings.theme ?? "auto");
    document.body.append(this.#host);
    if (hasVisitorSession(settings.inboxKey, safeStorage())) void this.#resume();
  }

  setTheme(theme: Theme): void {
    this.#host.dataset.theme = theme;
  }

  async open(): Promise<void> {
    const panel = await this.#load();
    panel?.open();
    this.#showOpen(panel !== undefined);
  }

  close(): void {
    this.#showOpen(false);
    void this.#panel?.then((panel) => panel.close());
  }

  async #resume(): Promise<void> {
    const panel = await this.#load();
    if (panel?.wasOpen() !== true) return;
    panel.open({ focus: false });
    this.#showOpen(true);
  }

  async #load(): Promise<PanelHandle | undefined> {
    this.#error.remove();
    this.#panel ??= this.#fetchPanel();
    try {
      return await this.#panel;
    } catch {
      // Fetching code fails without a network; the next click tries again.
      this.#panel = undefined;
      this.#error.textContent = TEXTS.loadFailed;
      this.#root.append(this.#error);
      return undefined;
    }
  }

  async #fetchPanel(): Promise<PanelHandle> {
    const { createPanel } = await import("./panel");
    return createPanel({
      root: this.#root,
      settings: this.#settings,
      onUnread: (count) => this.#showUnread(count),
      onClose: () => {
        this.#showOpen(false);
        this.#button.focus();
      },
    });
  }

  #launcher(): HTMLButtonElement {
    const button = document.createElement("button");
    button.type = "button";
    button.className = "launcher";
    button.setAttribute("aria-haspopup", "dialog");
    button.setAttribute("aria-expanded", "false");
    button.setAttribute("aria-label", TEXTS.launcher);
    this.#badge.className = "badge";
    this.#badge.setAttribute("aria-hidden", "true");
    button.append(
      icon(BUBBLE_ICON, "bubble-icon", "fill"),
      icon(CLOSE_ICON, "close-icon", "stroke"),
      this.#badge,
    );
    button.addEventListener("click", () => this.#toggle());
    button.addEventListener("pointerenter", () => void this.#warm(), { once: true });
    return button;
  }

  #toggle(): void {
    if (this.#button.getAttribute("aria-expanded") === "true") this.close();
    else void this.open();
  }

  /** Fetch the code when the pointer comes near; no client is made and nothing is stored. */
  async #warm(): Promise<void> {
    await import("./panel").catch(() => undefined);
  }

  #showOpen(open: boolean): void {
    this.#button.setAttribute("aria-expanded", String(open));
  }

  #showUnread(count: number): void {
    this.#badge.textContent = count === 0 ? "" : count > 99 ? "99+" : String(count);
    this.#button.setAttribute(
      "aria-label",
      count === 0 ? TEXTS.launcher : TEXTS.launcherUnread(count),
    );
  }
}

function safeStorage(): Pick<Storage, "getItem" | "setItem" | "removeItem"> {
  try {
    return localStorage;
  } catch {
    return { getItem: () => null, setItem: () => undefined, removeItem: () => undefined };
  }
}

function icon(path: string, name: string, paint: "fill" | "stroke"): SVGSVGElement {
  const svg = document.createElementNS("http://www.w3.org/2000/svg", "svg");
  const shape = document.createElementNS("http://www.w3.org/2000/svg", "path");
  svg.setAttribute("viewBox", "0 0 24 24");
  svg.setAttribute("width", "28");
  svg.setAttribute("height", "28");
  svg.setAttribute("aria-hidden", "true");
  svg.setAttribute("class", name);
  shape.setAttribute("d", path);
  shape.setAttribute("fill", paint === "fill" ? "currentColor" : "none");
  if (paint === "stroke") {
    shape.setAttribute("stroke", "currentColor");
    shape.setAttribute("stroke-width", "2.2");
    shape.setAttribute("stroke-linecap", "round");
    shape.setAttribute("stroke-linejoin", "round");
  }
  svg.append(shape);
  return svg;
}
