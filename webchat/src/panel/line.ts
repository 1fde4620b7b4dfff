import type { Traits, VisitorClient, VisitorState } from "@chorus/sdk";
import type { Modules } from "../modules";
import type { PanelHost } from "./scene";

/** Called with a new client before it says anything. */
export type OnClient = (client: VisitorClient, thread: Modules["thread"]) => void;

const NOTHING: VisitorState = {
  connection: { phase: "idle" },
  conversation: null,
  unread: 0,
  persistent: true,
};

/**
 * The visitor's client, which begins with the first word: until then nothing is stored, nobody is
 * created on the server, and its code may still be on its way.
 */
export class Line {
  readonly #host: PanelHost;
  readonly #onClient: OnClient;
  #coming: Promise<VisitorClient> | undefined;
  /** There as soon as it has begun. */
  client: VisitorClient | undefined;
  /** This chat was left; another may begin. */
  isClosed = false;
  /** What the visitor said of themselves; told with the first word. */
  traits: Traits;

  constructor(host: PanelHost, traits: Traits, onClient: OnClient) {
    this.#host = host;
    this.traits = traits;
    this.#onClient = onClient;
  }

  get state(): VisitorState {
    return this.client?.state ?? NOTHING;
  }

  get isOpen(): boolean {
    return this.#coming !== undefined;
  }

  /** Fetch the code, and nothing more. */
  warm(): Promise<[Modules["line"], Modules["thread"], Modules["tools"]]> {
    const { load } = this.#host;
    return Promise.all([load("line"), load("thread"), load("tools")]);
  }

  open(): Promise<VisitorClient> {
    this.#coming ??= this.#begin();
    // Without a network the code cannot come; the next word tries again.
    this.#coming.catch(() => {
      this.#coming = undefined;
    });
    return this.#coming;
  }

  async #begin(): Promise<VisitorClient> {
    const [{ openLine }, thread] = await this.warm();
    const { base, scope, token, load, settings } = this.#host;
    if (this.isClosed) throw new Error("This chat was left");
    const client = openLine(load, {
      apiBase: base,
      inboxKey: settings().key,
      scope,
      identity: token,
      traits: () => this.traits,
    });
    this.client = client;
    this.#onClient(client, thread);
    return client;
  }

  close(): void {
    this.isClosed = true;
    this.client?.close();
  }

  async forget(): Promise<void> {
    this.isClosed = true;
    await this.client?.reset();
    this.client = undefined;
  }
}
