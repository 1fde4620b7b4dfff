/** The Web Locks of one browser, as far as an election needs them: waiting, aborting, stealing. */
export class FakeLocks {
  readonly #held = new Map<string, { readonly reject: (cause: Error) => void }>();
  readonly #queues = new Map<string, (() => void)[]>();

  /** Typed as the browser's own; `query` is not needed for an election. */
  asLockManager(): LockManager {
    return { request: this.request.bind(this) } as unknown as LockManager;
  }

  async request<T>(
    name: string,
    options: LockOptions | (() => Promise<T>),
    callback?: () => Promise<T>,
  ): Promise<T> {
    const act = typeof options === "function" ? options : callback;
    const { steal = false, signal } = typeof options === "function" ? {} : options;
    if (act === undefined) throw new TypeError("a callback is needed");
    if (steal) this.#depose(name);
    else if (this.#held.has(name)) await this.#turn(name, signal);
    signal?.throwIfAborted();
    return this.#hold(name, act);
  }

  /** As in a browser whose owner forbids all data of sites. */
  static forbidden(): LockManager {
    const request = async () => {
      throw new DOMException("The request was denied.", "SecurityError");
    };
    return { request } as unknown as LockManager;
  }

  #hold<T>(name: string, act: () => Promise<T>): Promise<T> {
    return new Promise((resolve, reject) => {
      const grant = { reject };
      this.#held.set(name, grant);
      act()
        .then(resolve, reject)
        .finally(() => {
          if (this.#held.get(name) === grant) this.#release(name);
        });
    });
  }

  #release(name: string): void {
    this.#held.delete(name);
    this.#queues.get(name)?.shift()?.();
  }

  #depose(name: string): void {
    this.#held.get(name)?.reject(new DOMException("stolen", "AbortError"));
    this.#held.delete(name);
  }

  #turn(name: string, signal: AbortSignal | undefined): Promise<void> {
    return new Promise((resolve, reject) => {
      const queue = this.#queues.get(name) ?? [];
      this.#queues.set(name, queue);
      queue.push(resolve);
      signal?.addEventListener("abort", () => {
        const at = queue.indexOf(resolve);
        if (at >= 0) queue.splice(at, 1);
        reject(signal.reason);
      });
    });
  }
}
