import type { Answer, EventName, Events, Listener, Meta } from "../api";

export type Emit = <E extends EventName>(event: E, payload: Events[E]) => Answer[];

/** The page's listeners. One that throws is the page's own fault, told in its own time. */
export class Bus {
  readonly #listeners = new Map<EventName, Set<Listener<never>>>();

  on<E extends EventName>(event: E, listener: Listener<E>): () => void {
    const known = this.#listeners.get(event) ?? new Set();
    this.#listeners.set(event, known.add(listener as Listener<never>));
    return () => void this.off(event, listener);
  }

  once<E extends EventName>(event: E, listener: Listener<E>): () => void {
    const forget = this.on(event, (payload, meta) => {
      forget();
      return listener(payload, meta);
    });
    return forget;
  }

  /** Answers whether it listened. */
  off<E extends EventName>(event: E, listener: Listener<E>): boolean {
    return this.#listeners.get(event)?.delete(listener as Listener<never>) === true;
  }

  readonly emit: Emit = (event, payload) => {
    const meta: Meta = { event, version: 1, atMs: Date.now() };
    return [...(this.#listeners.get(event) ?? [])].map((listener) => {
      try {
        return listener(payload as never, meta);
      } catch (cause) {
        setTimeout(() => {
          throw cause;
        });
        return undefined;
      }
    });
  };
}
