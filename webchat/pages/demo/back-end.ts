/** What the shop asks of its own back end, which a developer's installation plays. */
export interface Facts {
  readonly inboxKey: string;
  /** Of the inbox where a bot answers first; null where none was seeded. */
  readonly botInboxKey: string | null;
  readonly closed: boolean;
}

export interface Customer {
  readonly token: string;
  readonly name: string;
  readonly email: string;
}

const RETRY_MS = 2_000;
const TIMEOUT_MS = 5_000;

export class BackEnd {
  readonly #fetch: typeof fetch;

  /** Takes the network as it was before it was tapped: the shop's own talk is not slowed. */
  constructor(network: typeof fetch) {
    this.#fetch = network.bind(window);
  }

  /** The inbox of the shop; a real page has its key in the snippet. */
  async facts(): Promise<Facts> {
    for (;;) {
      try {
        return await this.#ask<Facts>("GET", "/dev/demo.json");
      } catch {
        // The server is starting; the page is of use already.
        await new Promise((resolve) => setTimeout(resolve, RETRY_MS));
      }
    }
  }

  /** Who is signed in, with a token that the shop's own key has signed just now. */
  customer(): Promise<Customer> {
    return this.#ask<Customer>("POST", "/dev/demo/user");
  }

  /** Close the line for two hours, or give it back the hours it had. */
  async setClosed(closed: boolean, inboxKey: string): Promise<void> {
    await this.#ask("POST", "/dev/demo/hours", { closed });
    // The widget's own question would be answered from the cache for a minute.
    await this.#fetch(`/widget/v1/config?key=${encodeURIComponent(inboxKey)}`, { cache: "reload" });
  }

  async #ask<T>(method: string, path: string, body?: unknown): Promise<T> {
    const answer = await this.#fetch(path, {
      method,
      signal: AbortSignal.timeout(TIMEOUT_MS),
      ...(body === undefined
        ? {}
        : { body: JSON.stringify(body), headers: { "Content-Type": "application/json" } }),
    });
    if (!answer.ok) throw new Error(`${path}: ${answer.status}`);
    return (await answer.json()) as T;
  }
}
