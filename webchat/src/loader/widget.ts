import type { EventName, Events, Facts, Listener, MethodName, Settings, User, View } from "../api";
import type { Panel } from "../panel/main";
import { Bus } from "./bus";
import { chunkLoader, fetchWords, type Load } from "./chunks";
import { forgetVisitors, hasChat, scopeOf, tokenOf } from "./identity";
import { isWanted } from "./settings";
import { Shell } from "./shell";
import { localeOf } from "./words";

type Own = Readonly<Record<string, (...args: never[]) => unknown>>;

/** What is known while nobody has wanted the chat; everything else is null. */
const BEFORE: Partial<Facts> = { open: false, unread: 0, connection: "idle" };

/** The widget of a page: the launcher, and everything else as soon as somebody wants it. */
export class Widget {
  readonly #bus = new Bus();
  readonly #base: string;
  readonly #load: Load;
  readonly #own: Own;
  #settings: Settings | undefined;
  #shell: Shell | undefined;
  #panel: Promise<Panel> | undefined;
  #here: Panel | undefined;
  /** Whose chat it is; undefined until the page has said so. */
  #scope: string | undefined;
  #channel: BroadcastChannel | undefined;
  /** Calls run one after the other: each finds what the one before it left. */
  #last: Promise<unknown> = Promise.resolve();

  constructor(base: string, nonce: string | undefined) {
    this.#base = base;
    this.#load = chunkLoader(base, () => this.#settings?.nonce ?? nonce);
    this.#own = {
      boot: (settings: Settings) => this.#boot(settings),
      shutdown: () => this.#shutdown(),
      identify: (user: User) => this.#identify(user),
      update: (part: Partial<Settings>) => this.#update(part),
      setLocale: (locale: string) => this.#update({ locale }),
      setTheme: (theme: Settings["theme"]) => this.#update({ theme: theme ?? "auto" }),
      open: async (view?: View) => {
        await this.#open(isActive());
        if (view) await this.#here?.act("open", [view]);
      },
      close: () => this.#close(),
      toggle: () => (this.#isOpen ? this.#close() : this.#open(isActive())),
      show: () => this.#show(true),
      hide: () => this.#show(false),
      get: (fact: keyof Facts) => (this.#here?.facts() ?? BEFORE)[fact] ?? null,
    };
  }

  /** Do what the page asks. Nothing is thrown into it: a failure is an `error` event. */
  call(method: MethodName, ...args: unknown[]): Promise<unknown> {
    if (method === "on" || method === "once" || method === "off") {
      const [event, listener] = args as [EventName, Listener<EventName>];
      return Promise.resolve(this.#bus[method](event, listener));
    }
    const done = this.#last.then(() => this.#perform(method, args));
    this.#last = done.catch((cause: unknown) => this.#tellError(cause));
    return this.#last;
  }

  async #perform(method: MethodName, args: unknown[]): Promise<unknown> {
    const own = Object.hasOwn(this.#own, method) ? this.#own[method] : undefined;
    if (method !== "boot" && this.#settings === undefined) {
      throw new Error(`Chorus('boot') comes before '${method}'`);
    }
    if (own !== undefined) return own(...(args as never[]));
    return (await this.#summon()).act(method, args);
  }

  #tellError(cause: unknown): void {
    const { code = "FAILED", message = String(cause) } = Object(cause) as Partial<Events["error"]>;
    const detail = { code, message };
    // biome-ignore lint/suspicious/noConsole: the page asked for it by `debug`.
    if (this.#settings?.debug) console.warn(`chorus: ${message}`);
    this.#bus.emit("error", detail);
    dispatchEvent(new CustomEvent("chorus:error", { detail }));
  }

  async #boot(settings: Settings): Promise<void> {
    if (this.#settings?.key === settings.key) return this.#update(settings);
    this.#drop();
    this.#scope = undefined;
    this.#settings = settings;
    // A script in `<head>` may run before there is a body.
    if (document.body === null) {
      await new Promise((resolve) => {
        addEventListener("DOMContentLoaded", resolve);
      });
    }
    this.#listenToTabs(settings.key);
    this.#apply();
    this.#bus.emit("ready", { key: settings.key });
    if (this.#shell === undefined) return;
    const { key, open } = settings;
    const scope = await this.#recognise();
    if (this.#shell.isInline || open === true) await this.#open(false);
    else if (hasChat(key, scope)) await this.#resume();
    if (typeof open === "number" && open > 0) setTimeout(() => void this.#open(false), open);
  }

  /**
   * Learn whose chat this is, before anything of it is shown. A page that cannot say is asked
   * again with the next thing that needs to know.
   */
  async #recognise(): Promise<string> {
    const { key = "", user } = this.#settings ?? {};
    this.#scope ??= scopeOf(await tokenOf(user));
    if (this.#scope !== "") this.#channel?.postMessage(this.#scope);
    forgetVisitors(key, this.#scope);
    return this.#scope;
  }

  /** Stand on the page, or leave it where it is not one of those that want the chat. */
  #apply(): void {
    const settings = this.#settings;
    if (settings === undefined) return;
    if (!isWanted(settings)) return this.#drop();
    this.#shell ??= new Shell({
      toggle: () => void this.call("toggle"),
      // The code only: no client is made and nothing is stored.
      approach: () => void this.#load("panel"),
    });
    this.#shell.apply(settings, this.#locale());
  }

  #locale(): string {
    return localeOf([
      this.#settings?.locale,
      document.documentElement.lang,
      ...navigator.languages,
    ]);
  }

  async #update(part: Partial<Settings>): Promise<void> {
    const before = this.#settings;
    if (before === undefined) return;
    if (part.user !== undefined && part.user !== before.user)
      return this.#identify(part.user, part);
    this.#settings = { ...before, ...part };
    this.#apply();
    await this.#here?.update();
  }

  /** Another person begins with an empty chat; the same one goes on, with a new token. */
  async #identify(user: User, part: Partial<Settings> = {}): Promise<void> {
    if (this.#settings === undefined) return;
    const scope = scopeOf(await tokenOf(user));
    this.#settings = { ...this.#settings, ...part, user };
    if (scope !== this.#scope) {
      const wasOpen = this.#isOpen;
      if (scope === "") await this.#forgetAll();
      else this.#forgetPanel();
      this.#scope = scope;
      await this.#recognise();
      this.#apply();
      if (wasOpen) await this.#open(false);
    } else {
      await this.#here?.update();
    }
    this.#bus.emit("identity", { verified: scope !== "" });
  }

  async #shutdown(): Promise<void> {
    await this.#forgetAll();
    this.#drop();
    this.#settings = undefined;
    this.#channel?.close();
  }

  /** Who signs out leaves nothing. */
  async #forgetAll(): Promise<void> {
    // Other tabs first, or the next in line would go on with what is forgotten here.
    this.#channel?.postMessage(null);
    await this.#wipe();
    forgetVisitors(this.#settings?.key ?? "", undefined);
  }

  get #isOpen(): boolean {
    return this.#here?.facts().open === true;
  }

  async #open(focus: boolean): Promise<void> {
    if (this.#shell === undefined) return;
    this.#show(true);
    if (this.#isOpen) return;
    const panel = await this.#summon();
    panel.open(focus);
    this.#shell.showOpen(true);
    this.#bus.emit("open", {});
  }

  async #resume(): Promise<void> {
    const panel = await this.#summon();
    panel.connect();
    if (panel.wasOpen() && this.#settings?.rememberOpen !== false) await this.#open(false);
  }

  #close(): void {
    if (!this.#isOpen) return;
    this.#here?.close();
    this.#onClosed(false);
  }

  #onClosed(byVisitor: boolean): void {
    this.#shell?.showOpen(false);
    if (byVisitor) this.#shell?.focus();
    this.#bus.emit("close", {});
  }

  #show(visible: boolean): void {
    const host = this.#shell?.host;
    if (host?.hasAttribute("data-hidden") !== visible) return;
    host.toggleAttribute("data-hidden", !visible);
    this.#bus.emit(visible ? "show" : "hide", {});
    this.#here?.draw();
  }

  async #summon(): Promise<Panel> {
    const shell = this.#shell;
    if (shell === undefined) throw new Error("Not on this page");
    shell.showFailure(false);
    shell.showBusy(true);
    this.#panel ??= this.#makePanel(shell);
    // After a failure the next click tries again.
    this.#panel.catch(() => {
      this.#panel = undefined;
      shell.showFailure(true);
    });
    return this.#panel.finally(() => shell.showBusy(false));
  }

  async #makePanel(shell: Shell): Promise<Panel> {
    const words = () => fetchWords(this.#base, this.#locale());
    const [{ createPanel }, catalogue, scope] = await Promise.all([
      this.#load("panel"),
      words(),
      this.#recognise(),
    ]);
    this.#here = createPanel(catalogue, {
      words,
      root: shell.root,
      base: this.#settings?.apiBase ?? new URL(this.#base).origin,
      scope,
      load: this.#load,
      emit: this.#bus.emit,
      settings: () => this.#settings ?? { key: "" },
      locale: () => this.#locale(),
      token: () => tokenOf(this.#settings?.user),
      onUnread: (count) => shell.showUnread(count),
      onClose: () => this.#onClosed(true),
      onError: (cause) => this.#tellError(cause),
    });
    return this.#here;
  }

  async #wipe(): Promise<void> {
    await this.#here?.forget();
    this.#forgetPanel();
  }

  #forgetPanel(): void {
    if (this.#isOpen) this.#onClosed(false);
    this.#here?.destroy();
    this.#here = undefined;
    this.#panel = undefined;
    this.#shell?.showUnread(0);
  }

  #drop(): void {
    this.#forgetPanel();
    this.#shell?.remove();
    this.#shell = undefined;
  }

  /** Somebody else signed in, or everybody was signed out, in another tab. */
  #listenToTabs(key: string): void {
    if (typeof BroadcastChannel === "undefined") return;
    this.#channel?.close();
    this.#channel = new BroadcastChannel(`chorus:${key}:identity`);
    this.#channel.onmessage = ({ data }: MessageEvent<string | null>) => {
      if (data === null || (this.#scope && data !== this.#scope)) void this.#wipe();
    };
  }
}

/** Only who has just done something is taken to what they asked for; others are left where they are. */
function isActive(): boolean {
  return navigator.userActivation?.isActive !== false;
}
