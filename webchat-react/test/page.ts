import type { EventName } from "../src/chorus.ts";

export type Told = readonly [method: string, ...args: unknown[]];

/** The other side: a page's `Chorus` function as the loader makes it, that remembers all it hears. */
export class Page {
  readonly told: Told[] = [];
  readonly facts: Record<string, unknown> = {
    open: false,
    unread: 0,
    connection: "idle",
    availability: null,
    conversationId: null,
    visitorId: null,
  };
  readonly #listeners = new Map<string, Set<(payload: unknown, meta: unknown) => unknown>>();

  get scripts(): HTMLScriptElement[] {
    return [...document.querySelectorAll<HTMLScriptElement>("script[src*='/widget/v1/']")];
  }

  /** The script has come and ran. */
  async arrive(): Promise<void> {
    const door = (method: string, ...args: unknown[]) => this.#hear(method, args);
    Object.assign(window, { Chorus: Object.assign(door, { widget: {} }) });
    for (const script of this.scripts) script.dispatchEvent(new Event("load"));
    await settled();
  }

  async emit(event: EventName, payload: unknown): Promise<unknown[]> {
    const answers = [...(this.#listeners.get(event) ?? [])].map((it) => it(payload, { event }));
    await settled();
    return answers;
  }

  listening(event: EventName): number {
    return this.#listeners.get(event)?.size ?? 0;
  }

  /** Everything told but listeners and questions. */
  get acts(): Told[] {
    return this.told.filter(([method]) => !["on", "off", "get"].includes(method));
  }

  #hear(method: string, args: unknown[]): Promise<unknown> {
    this.told.push([method, ...args]);
    const [name, listener] = args as [string, () => unknown];
    const known = this.#listeners.get(name) ?? new Set();
    if (method === "on") this.#listeners.set(name, known.add(listener));
    if (method === "off") known.delete(listener);
    return Promise.resolve(method === "get" ? this.facts[name] : undefined);
  }
}

/** Let everything that waits for a resolved promise go on. */
export async function settled(): Promise<void> {
  for (let turn = 0; turn < 20; turn += 1) await Promise.resolve();
}
