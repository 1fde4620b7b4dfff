import type { FileInfo, Message, Traits, VisitorState } from "@chorus/sdk";
import type { Catalogue } from "@chorus/sdk/catalogue";
import type { Attributes, Settings } from "../api";
import type { Emit } from "../loader/bus";
import type { Load } from "../loader/chunks";
import { hasChat } from "../loader/identity";
import type { Modules } from "../modules";
import { Choices } from "./choices";
import { askConfig, type ConfigState } from "./config";
import { known } from "./known";
import { Line } from "./line";

export interface PanelHost {
  readonly root: ShadowRoot;
  readonly base: string;
  readonly scope: string;
  readonly load: Load;
  /** Fetch the catalogue of the locale. */
  words(): Promise<Catalogue>;
  readonly emit: Emit;
  settings(): Settings;
  locale(): string;
  token(): Promise<string | undefined>;
  onUnread(count: number): void;
  /** The visitor closed the panel from inside. */
  onClose(): void;
  onError(cause: unknown): void;
}

/** Something that is being said, as it is held until it is safe. */
export interface Word {
  readonly text: string;
  /** Id of the message it answers. */
  readonly replyTo?: string | undefined;
  readonly files?: readonly FileInfo[] | undefined;
  /** What is known of who says it, who may have no session yet. */
  readonly traits: Traits;
}

/** Files that the next message takes along, as far as whoever sends it needs to know. */
export interface TrayLike {
  mayLeave(text: string): boolean;
  take(): readonly FileInfo[] | undefined;
  putBack(files?: readonly FileInfo[]): void;
}

/** What stands where the composer would: a form that comes first, or that it is of no use here. */
export type Gate = "asking" | "refused" | "prechat" | "offline" | null;

const ASK_AGAIN_MS = 5_000;

/** All that the parts of the panel share: the line, what was chosen, and what is being written. */
export class Scene {
  readonly host: PanelHost;
  readonly line: Line;
  readonly choices: Choices;
  readonly #listeners = new Set<() => void>();
  readonly #sheets = new Map<string, CSSStyleSheet>();
  config: ConfigState = { phase: "asking" };
  /** How a conversation is drawn; here once there is one. */
  thread: Modules["thread"] | undefined;
  /** What stands around it; here as soon as somebody opened the panel. */
  tools: Modules["tools"] | undefined;
  tray: TrayLike | undefined;
  /** Whether there are faces to choose from. */
  faces = false;
  /** Whether the menu is open. */
  menu = false;
  draft: string;
  replyTo: Message | null = null;
  /** What was filled in once need not be filled in again. */
  filled: Attributes = {};
  queue: string | undefined;
  /** The visitor opened the chat, so whatever they can fill in takes the focus when it is drawn. */
  wantsFocus = false;
  /** True while the panel is open. */
  isShown = false;
  #askTimer: ReturnType<typeof setTimeout> | undefined;
  #detach: (() => void) | undefined;

  constructor(host: PanelHost) {
    this.host = host;
    const { key, queue } = host.settings();
    this.choices = new Choices(key, host.scope);
    this.draft = this.choices.get("draft") ?? "";
    this.queue = queue;
    const told = { locale: host.locale(), ...traitsOf(host.settings()) };
    this.line = new Line(host, told, (client, thread) => {
      this.thread = thread;
      this.#detach = thread.attach(this, client);
      client.on("state", () => this.changed());
    });
  }

  get state(): VisitorState {
    return this.line.state;
  }

  /** What the page says, then what the inbox says on the server. */
  get settings(): Settings {
    return { ...this.told?.settings, ...this.host.settings() };
  }

  get told() {
    return this.config.phase === "known" ? this.config.config : undefined;
  }

  get isMuted(): boolean {
    return this.settings.features?.sound === false || this.choices.get("mute") === "1";
  }

  get gate(): Gate {
    const { config, settings } = this;
    if (this.line.isOpen) return null;
    if (config.phase === "asking" || config.phase === "refused") return config.phase;
    if (this.told?.availability?.open === false) return "offline";
    return settings.consent !== undefined || (settings.prechat?.length ?? 0) > 0 ? "prechat" : null;
  }

  /** Called by what can be filled in, when it is drawn. */
  offerFocus(field: HTMLElement | null | undefined): void {
    if (this.wantsFocus) field?.focus();
    this.wantsFocus = false;
  }

  on(listener: () => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  changed(): void {
    for (const listener of [...this.#listeners]) listener();
  }

  /** Change what stands in the composer; it is there again on the next page. */
  write(draft: string): void {
    if (this.line.isClosed) return;
    this.draft = draft;
    this.choices.set("draft", draft);
    this.changed();
  }

  /** Style the panel, by CSSOM: a policy without `unsafe-inline` allows that. */
  dress(css: string): void {
    if (this.#sheets.has(css)) return;
    const { root } = this.host;
    // In the document where the panel is now: it may have been moved out of the page.
    const view = root.ownerDocument.defaultView ?? globalThis;
    const sheet = new view.CSSStyleSheet();
    sheet.replaceSync(css);
    this.#sheets.set(css, sheet);
    root.adoptedStyleSheets.push(sheet);
  }

  /** Ask the inbox what it wants, again until it answers; those who are known go on at once. */
  async ask(): Promise<void> {
    clearTimeout(this.#askTimer);
    const { base, settings, emit } = this.host;
    this.config = await askConfig(base, settings().key);
    if (this.config.phase === "unreachable") {
      this.#askTimer = setTimeout(() => void this.ask(), ASK_AGAIN_MS);
    }
    const availability = this.told?.availability;
    if (availability != null) emit("availability", availability);
    this.changed();
  }

  /** Who has been here before, or is vouched for, has a chat that can be shown. */
  isKnown(): boolean {
    const { key, user } = this.host.settings();
    return user?.token !== undefined || hasChat(key, this.host.scope);
  }

  /**
   * Say something. It is held by the browser from this very moment until it is safe: whatever is
   * still on its way when the page is left, the next page says (`thread/say.ts`).
   */
  async say(text: string, files?: readonly FileInfo[]): Promise<string> {
    const { line, choices, replyTo } = this;
    this.replyTo = null;
    const word: Word = { text, files, replyTo: replyTo?.id, traits: line.traits };
    const name = choices.hold(word);
    try {
      const [, thread] = await line.warm();
      return await thread.say(this, name, word);
    } catch (cause) {
      this.replyTo = replyTo;
      throw cause;
    } finally {
      if (!line.isClosed) choices.drop(name);
    }
  }

  close(): void {
    clearTimeout(this.#askTimer);
    this.#detach?.();
    this.line.close();
    this.#listeners.clear();
    const { root } = this.host;
    const mine = new Set(this.#sheets.values());
    root.adoptedStyleSheets = root.adoptedStyleSheets.filter((it) => !mine.has(it));
  }
}

/** What the page says of the visitor. */
export function traitsOf({ user, attributes }: Settings): Traits {
  const { name, email, phone, avatar } = user ?? {};
  const page = location.origin + location.pathname;
  return known({ name, email, phone, attributes: known({ avatar, ...attributes, page }) });
}
