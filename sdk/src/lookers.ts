/** Longer than two of the intervals in which a page says that it is looked at. */
const LOOKS_FOR_MS = 75_000;

/** Colleagues who look at conversations; whoever says it no more has gone, even if unable to tell. */
export class Lookers {
  readonly #timers = new Map<string, ReturnType<typeof setTimeout>>();

  /** Somebody looks; `forget` is called unless they say so again, or that they stopped. */
  saw(conv: string, userId: string, forget: () => void): void {
    this.left(conv, userId);
    this.#timers.set(`${conv} ${userId}`, setTimeout(forget, LOOKS_FOR_MS));
  }

  left(conv: string, userId: string): void {
    clearTimeout(this.#timers.get(`${conv} ${userId}`));
    this.#timers.delete(`${conv} ${userId}`);
  }

  close(): void {
    for (const timer of this.#timers.values()) clearTimeout(timer);
    this.#timers.clear();
  }
}
