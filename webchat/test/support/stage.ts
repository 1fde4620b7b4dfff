import { VisitorClient } from "@chorus/sdk/visitor-client";
import { IDBFactory } from "fake-indexeddb";
import { vi } from "vitest";
import { FakeChorus } from "../../../sdk/test/support/fake-chorus";
import type { FakeWebSocket } from "../../../sdk/test/support/fake-network";
import { AGENT, CONV, CUSTOMER, TS } from "../../../sdk/test/support/frames";
import english from "../../locales/en.json";
import type { EventName, Settings } from "../../src/api";
import * as extras from "../../src/extras/main";
import type { Load } from "../../src/loader/chunks";
import { createPanel, type Panel } from "../../src/panel/main";
import * as thread from "../../src/thread/main";
import * as tools from "../../src/tools/main";

type Frame = Parameters<FakeChorus["log"]["push"]>[0];
type Config = Readonly<Record<string, unknown>>;

const GONE = { code: 1006, reason: "" } as CloseEvent;

interface Standing {
  readonly settings?: Partial<Settings>;
  /** What the inbox says on the server. */
  readonly config?: Config;
  readonly base?: string;
}

/** The whole panel on a page of its own: all of it is real but the wire and the API. */
export class Stage {
  readonly chorus = new FakeChorus();
  readonly heard: [EventName, unknown][] = [];
  readonly errors: unknown[] = [];
  readonly asked: { readonly url: string; readonly body: unknown }[] = [];
  /** What the server does when somebody asks for a person. */
  onEscalate: (() => void) | undefined;
  /** The network is away: every socket ends as soon as it was opened. */
  isAway = false;
  /** As the launcher shows it. */
  unread = 0;
  locale = "en";
  words: Record<string, string> = english;
  /** What the API says of who takes part. */
  participants: readonly { userId: string; name: string; role: string }[] = [];
  readonly root: ShadowRoot;
  readonly panel: Panel;
  readonly #clients: VisitorClient[] = [];
  settings: Settings;

  constructor({ settings = {}, config = {} }: Standing = {}) {
    this.settings = { key: "pk_stage", ...settings };
    vi.stubGlobal("fetch", (url: string, init?: RequestInit) => this.#answer(url, config, init));
    // One tab: there is nobody to agree with.
    vi.stubGlobal("BroadcastChannel", undefined);
    localStorage.clear();
    const host = document.body.appendChild(document.createElement("chorus-chat"));
    this.root = host.attachShadow({ mode: "open" });
    this.panel = createPanel(english, {
      root: this.root,
      base: "http://chorus.test",
      scope: "",
      load: (async (name: string) => this.#parts[name as "thread"]) as unknown as Load,
      words: async () => this.words,
      emit: (event, payload) => {
        this.heard.push([event, payload]);
        return [];
      },
      settings: () => this.settings,
      locale: () => this.locale,
      token: async () => undefined,
      onUnread: (count) => {
        this.unread = count;
      },
      onClose: () => undefined,
      onError: (cause) => void this.errors.push(cause),
    });
  }

  readonly #parts = {
    thread,
    tools,
    extras,
    line: {
      openLine: (
        _: Load,
        options: Omit<ConstructorParameters<typeof VisitorClient>[0], "storage">,
      ) => {
        const surroundings = { storage: localStorage, indexedDB: new IDBFactory() };
        const client = new VisitorClient({
          ...options,
          ...surroundings,
          openWebSocket: (url, protocols) => {
            const socket = this.chorus.open(url, protocols);
            this.#hearCommands(socket);
            if (this.isAway) queueMicrotask(() => socket.onclose?.call(socket as never, GONE));
            return socket;
          },
        });
        this.#clients.push(client);
        return client;
      },
    },
  };

  /** The agent, or whatever else the server tells: in its turn, to all sockets. */
  tell(event: string, data: Readonly<Record<string, unknown>>): void {
    const frame = { event, seq: this.chorus.log.length + 1, data } as unknown as Frame;
    this.chorus.log.push(frame);
    for (const socket of this.chorus.sockets) socket.say(frame);
  }

  /** How the server answers a wish for a person: the answer first, then what became of it. */
  #hearCommands(socket: ReturnType<FakeChorus["open"]>): void {
    const send = socket.send.bind(socket);
    socket.send = (data: string) => {
      send(data);
      const { event, ref, data: body } = JSON.parse(data);
      if (event !== "escalate") return;
      queueMicrotask(() => {
        const answer = { id: body.id, seq: null, ts: TS, dup: false };
        (socket as unknown as FakeWebSocket).say({
          event: "delivered",
          ref,
          data: answer,
        } as never);
        if (this.onEscalate !== undefined) setTimeout(() => this.onEscalate?.(), 50);
      });
    };
  }

  /** Something that is never stored. */
  mention(event: string, data: Readonly<Record<string, unknown>>): void {
    for (const socket of this.chorus.sockets) socket.say({ event, data } as never);
  }

  one(selector: string): HTMLElement {
    const found = this.root.querySelector<HTMLElement>(selector);
    if (found === null) throw new Error(`there is no ${selector} in ${this.root.innerHTML}`);
    return found;
  }

  texts(selector: string): string[] {
    return [...this.root.querySelectorAll(selector)].map((it) => it.textContent ?? "");
  }

  /** Open the panel and let everything come. */
  async open(): Promise<void> {
    this.panel.open(true);
    await this.pass(200);
  }

  async type(selector: string, text: string): Promise<void> {
    const field = this.one(selector) as HTMLInputElement;
    field.value = text;
    field.dispatchEvent(new Event("input", { bubbles: true }));
    await this.pass(20);
  }

  async say(text: string): Promise<void> {
    await this.send(text);
    await this.pass(200);
  }

  /** Say something, and do not wait for what becomes of it. */
  async send(text: string): Promise<void> {
    await this.type(".composer textarea", text);
    this.one(".composer").dispatchEvent(new Event("submit", { bubbles: true, cancelable: true }));
  }

  /** Time goes by, in steps that let promises and frames in between. */
  async pass(ms: number): Promise<void> {
    for (let passed = 0; passed < ms; passed += 20) {
      await vi.advanceTimersByTimeAsync(20);
      await new Promise((resolve) => setImmediate(resolve));
    }
  }

  leave(): void {
    this.panel.destroy();
    for (const client of this.#clients) client.close();
    document.body.replaceChildren();
  }

  async #answer(url: string, config: Config, init?: RequestInit): Promise<Response> {
    this.asked.push({ url, body: JSON.parse(String(init?.body ?? "null")) });
    if (url.includes("/widget/v1/config")) return Response.json({ settings: {}, ...config });
    if (init?.method !== "POST") return Response.json({ participants: this.participants });
    return Response.json({
      token: "t-1",
      refreshToken: "r-1",
      expiresAt: TS,
      contactId: CUSTOMER,
      conversationId: CONV,
    });
  }
}

export const AT_HOME = {
  availability: { open: true, opensAt: null, staffed: true },
} as const;

export { AGENT, CONV, CUSTOMER, TS };

/** Timers that a test moves; frames are drawn by them, too. */
export function holdTime(): void {
  vi.useFakeTimers({
    toFake: [
      "setTimeout",
      "clearTimeout",
      "setInterval",
      "clearInterval",
      "Date",
      "requestAnimationFrame",
      "cancelAnimationFrame",
    ],
  });
}
