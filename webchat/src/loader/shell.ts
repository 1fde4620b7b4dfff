import { onColour, parseColour, type Rgb } from "@chorus/sdk/colour";
import type { Settings } from "../api";
import css from "./loader.css?inline";
import { wordsOf } from "./words";

export interface ShellActs {
  toggle(): void;
  /** The pointer or the focus comes near. */
  approach(): void;
}

const BUBBLE = "M6 4h12a4 4 0 0 1 4 4v6a4 4 0 0 1-4 4h-7l-5 4v-4a4 4 0 0 1-4-4V8a4 4 0 0 1 4-4Z";
const DOWN = "m6 9.5 6 6 6-6";
const DEFAULT_COLOUR = "#0f6b64";
const SVG = "http://www.w3.org/2000/svg";

/** What stands on the page before anything else is fetched: a shadow root and a launcher. */
export class Shell {
  readonly host = document.createElement("chorus-chat");
  readonly root = this.host.attachShadow({ mode: "open" });
  readonly #theme = new CSSStyleSheet();
  readonly #button = document.createElement("button");
  readonly #badge = element("span", "badge");
  readonly #label = element("span", "label");
  readonly #error = element("div", "load-error");
  #words = wordsOf("en");
  #unread = 0;
  #image = "";

  constructor(acts: ShellActs) {
    const sheet = new CSSStyleSheet();
    sheet.replaceSync(css);
    this.root.adoptedStyleSheets = [sheet, this.#theme];
    this.#error.setAttribute("role", "alert");
    this.root.append(this.#error);
    const button = this.#button;
    button.className = "launcher";
    button.setAttribute("aria-haspopup", "dialog");
    button.append(
      icon(BUBBLE, "bubble-icon"),
      icon(DOWN, "close-icon stroke"),
      this.#label,
      this.#badge,
    );
    button.onclick = () => acts.toggle();
    button.onpointerenter = button.onfocus = () => acts.approach();
    this.showOpen(false);
  }

  /** Stand on the page as these settings want it. */
  apply(settings: Settings, locale: string): void {
    const { host, root } = this;
    const { container, launcher = true, theme = "auto", position = "end" } = settings;
    const place = container === undefined ? null : document.querySelector(container);
    host.dataset.theme = theme;
    host.dataset.side = position;
    host.toggleAttribute("data-inline", place !== null);
    host.lang = locale;
    host.dir = settings.dir ?? (locale === "ar" ? "rtl" : "ltr");
    this.#theme.replaceSync(themeOf(settings, host.dir));
    this.#words = wordsOf(locale);
    this.#nameLauncher(launcher);
    if (place === null && launcher !== false) root.prepend(this.#button);
    else this.#button.remove();
    const parent = place ?? document.body;
    // What was moved into a window of its own comes back when that closes.
    if (host.parentNode !== parent && host.dataset.popped === undefined) parent.append(host);
  }

  get isInline(): boolean {
    return this.host.hasAttribute("data-inline");
  }

  showOpen(open: boolean): void {
    this.#button.setAttribute("aria-expanded", String(open));
  }

  showBusy(busy: boolean): void {
    this.#button.setAttribute("aria-busy", String(busy));
  }

  showUnread(count: number): void {
    this.#unread = count;
    const shown = count === 0 ? "" : count > 99 ? "99+" : String(count);
    const name = this.#label.textContent || this.#words[0];
    this.#badge.textContent = shown;
    // Who speaks to the browser says what can be seen, so the name holds it word for word.
    this.#button.setAttribute("aria-label", shown === "" ? name : `${name}, ${shown}`);
  }

  showFailure(failed: boolean): void {
    this.#error.textContent = failed ? this.#words[1] : "";
  }

  focus(): void {
    this.#button.focus();
  }

  remove(): void {
    this.host.remove();
  }

  #nameLauncher(launcher: NonNullable<Settings["launcher"]>): void {
    const { label = "", icon: source = "" } = typeof launcher === "object" ? launcher : {};
    this.#label.textContent = label;
    this.showUnread(this.#unread);
    if (source === this.#image) return;
    this.#image = source;
    const picture = document.createElement("img");
    picture.className = "bubble-icon";
    picture.alt = "";
    picture.src = source;
    this.#button.querySelector(".bubble-icon")?.replaceWith(picture);
  }
}

/** Everything a tenant may choose, as one sheet: a strict policy forbids style attributes only. */
function themeOf({ theme, color, offset, zIndex }: Settings, dir: string): string {
  const accent = parseColour(color) ? color : DEFAULT_COLOUR;
  const text = onColour(parseColour(accent) as Rgb);
  const { x = 20, y = 20 } = offset ?? {};
  const scheme = theme === "auto" || theme === undefined ? "light dark" : theme;
  return `:host{direction:${dir}!important;color-scheme:${scheme}!important;--accent:${accent};--on-accent:${text};--x:${x}px;--y:${y}px;--z:${zIndex ?? 2147483000}}`;
}

function element(tag: string, name: string): HTMLElement {
  const made = document.createElement(tag);
  made.className = name;
  return made;
}

function icon(path: string, name: string): SVGSVGElement {
  const svg = document.createElementNS(SVG, "svg");
  const shape = document.createElementNS(SVG, "path");
  svg.setAttribute("viewBox", "0 0 24 24");
  svg.setAttribute("aria-hidden", "true");
  svg.setAttribute("class", name);
  shape.setAttribute("d", path);
  svg.append(shape);
  return svg;
}
