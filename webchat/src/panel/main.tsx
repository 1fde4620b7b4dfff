import type { Catalogue } from "@chorus/sdk/catalogue";
import { render } from "preact";
import type { Facts, MethodName, Settings } from "../api";
import css from "./panel.css?inline";
import { type PanelHost, Scene, traitsOf } from "./scene";
import { present } from "./use-scene";
import { Window } from "./window";
import { speak } from "./words";

export interface Panel {
  /** Show what is true now. */
  draw(): void;
  open(focus: boolean): void;
  close(): void;
  /** True when the visitor had the panel open on the page before. */
  wasOpen(): boolean;
  /** Take up a chat that exists already. */
  connect(): void;
  /** Settings changed. */
  update(): Promise<void>;
  act(method: MethodName, args: readonly unknown[]): Promise<unknown>;
  facts(): Facts;
  /** Leave, and forget the visitor in this browser. */
  forget(): Promise<void>;
  destroy(): void;
}

/** Here the panel fills the screen. */
const NARROW = matchMedia("(max-width: 480px), (max-height: 420px)");

/** Draw nothing yet: keep everything ready to be opened. */
export function createPanel(words: Catalogue, host: PanelHost): Panel {
  speak(host.locale(), words);
  return new PanelWindow(host);
}

class PanelWindow implements Panel {
  readonly #host: PanelHost;
  readonly #scene: Scene;
  readonly #mount = document.createElement("div");
  #isOpen = false;
  #told: Settings;
  #locale: string;
  #modal: Promise<() => void> | undefined;
  readonly #redraw = () => this.draw();

  constructor(host: PanelHost) {
    this.#host = host;
    this.#told = host.settings();
    this.#locale = host.locale();
    this.#scene = new Scene(host);
    this.#scene.dress(css);
    NARROW.addEventListener("change", this.#redraw);
    this.#mount.style.display = "contents";
    host.root.append(this.#mount);
  }

  get #isInline(): boolean {
    return this.#host.root.host.hasAttribute("data-inline");
  }

  open(focus: boolean): void {
    this.#isOpen = true;
    const known = this.#scene.isKnown();
    // Nothing is kept for who has done nothing.
    if (focus || known) this.#scene.choices.set("open", "1");
    this.connect(known);
    this.#scene.wantsFocus = focus;
    this.draw();
  }

  close(): void {
    this.#isOpen = false;
    this.#scene.choices.set("open", "0");
    this.draw();
  }

  wasOpen(): boolean {
    return this.#scene.choices.get("open") === "1";
  }

  connect(known = true): void {
    const { line, config } = this.#scene;
    line
      .warm()
      .then(([, , tools]) => {
        this.#scene.tools = tools;
        this.draw();
        return known ? line.open() : undefined;
      })
      .catch(this.#host.onError);
    if (config.phase === "asking") void this.#scene.ask();
  }

  async update(): Promise<void> {
    const { locale, words, settings } = this.#host;
    if (locale() !== this.#locale) {
      this.#locale = locale();
      speak(this.#locale, await words());
    }
    this.draw();
    const [before, now] = [this.#told, settings()];
    this.#told = now;
    if (before.user === now.user && before.attributes === now.attributes) return;
    const { describe } = await this.#host.load("extras");
    await describe(this.#scene.line, traitsOf(now));
  }

  async act(method: MethodName, args: readonly unknown[]): Promise<unknown> {
    const { perform } = await this.#host.load("extras");
    return perform(this.#scene, method, args);
  }

  facts(): Facts {
    const { connection, conversation, unread } = this.#scene.state;
    return {
      open: this.#isOpen,
      unread,
      connection: connection.phase,
      availability: this.#scene.told?.availability ?? null,
      conversationId: conversation?.id ?? null,
      visitorId: conversation?.self ?? null,
    };
  }

  async forget(): Promise<void> {
    await this.#scene.line.forget();
  }

  destroy(): void {
    this.#isOpen = false;
    this.draw();
    this.#scene.close();
    NARROW.removeEventListener("change", this.#redraw);
    this.#mount.remove();
  }

  draw(): void {
    const isModal = this.#isOpen && !this.#isInline && NARROW.matches;
    this.#beModal(isModal);
    this.#scene.isShown = this.#isOpen && !this.#host.root.host.hasAttribute("data-hidden");
    present(this.#scene);
    const close = () => {
      this.close();
      this.#host.onClose();
    };
    render(
      this.#isOpen ? <Window modal={isModal} inline={this.#isInline} onClose={close} /> : null,
      this.#mount,
    );
  }

  #beModal(wanted: boolean): void {
    if (wanted === (this.#modal !== undefined)) return;
    const { load, root, onError } = this.#host;
    if (!wanted) void this.#modal?.then((stop) => stop());
    this.#modal = wanted
      ? load("extras").then(({ makeModal }) => makeModal(root.host, this.#mount))
      : undefined;
    this.#modal?.catch(onError);
  }
}
