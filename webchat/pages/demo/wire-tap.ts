/**
 * The network of this page, with a tap: what passes is shown, and can be made slow or be cut.
 *
 * It stands between the widget and the browser's own `WebSocket` and `fetch`, so what it does is
 * done to the real socket, and the widget knows nothing of it.
 */

export type Direction = "sent" | "received" | "request" | "socket";

export interface Passage {
  readonly direction: Direction;
  /** One or more frames as JSON lines, or a sentence. */
  readonly text: string;
}

export type Listener = (passage: Passage) => void;

/** A train in a valley: half a second to two there, and as long back. */
const SLOW_MS: readonly [number, number] = [500, 2_000];
const CUT = { code: 1006, reason: "", wasClean: false } as const;

class Weather {
  slow = false;

  delayMs(): number {
    const [least, most] = SLOW_MS;
    return this.slow ? least + Math.random() * (most - least) : 0;
  }

  async wait(): Promise<void> {
    const waitMs = this.delayMs();
    if (waitMs > 0) await new Promise((resolve) => setTimeout(resolve, waitMs));
  }
}

export interface Tap {
  /** Sockets of this page that are open or opening. */
  readonly sockets: number;
  setSlow(slow: boolean): void;
  /** End every socket without a word, as a tunnel would. Answers how many there were. */
  cut(): number;
}

/** Replace the network of this page; every socket and request from now on goes through. */
export function tapNetwork(listener: Listener): Tap {
  const weather = new Weather();
  const open = new Set<{ cut(): void }>();
  window.WebSocket = tappedWebSocket(weather, open, listener);
  window.fetch = tappedFetch(window.fetch.bind(window), weather, listener);
  return {
    get sockets() {
      return open.size;
    },
    setSlow(slow) {
      weather.slow = slow;
    },
    cut() {
      const cut = [...open];
      for (const socket of cut) socket.cut();
      return cut.length;
    },
  };
}

function tappedWebSocket(
  weather: Weather,
  open: Set<{ cut(): void }>,
  listener: Listener,
): typeof WebSocket {
  return class TappedWebSocket extends WebSocket {
    #arriving: Promise<void> = Promise.resolve();
    #leaving: Promise<void> = Promise.resolve();
    #isCut = false;
    #onmessage: WebSocket["onmessage"] = null;
    #onclose: WebSocket["onclose"] = null;

    constructor(url: string | URL, protocols?: string | string[]) {
      super(url, protocols);
      open.add(this);
      listener({ direction: "socket", text: `opening ${new URL(url).pathname}` });
      super.addEventListener("message", (event) => this.#arrive(event));
      super.addEventListener("close", (event) => this.#end(event));
    }

    // The widget sets handlers; a page's own listeners would hear the undelayed events.
    override set onmessage(handler: WebSocket["onmessage"]) {
      this.#onmessage = handler;
    }

    override get onmessage(): WebSocket["onmessage"] {
      return this.#onmessage;
    }

    override set onclose(handler: WebSocket["onclose"]) {
      this.#onclose = handler;
    }

    override get onclose(): WebSocket["onclose"] {
      return this.#onclose;
    }

    override send(data: string): void {
      this.#leaving = this.#leaving
        .then(() => weather.wait())
        .then(() => {
          // What is still on its way when a network is cut never arrives.
          if (this.readyState !== WebSocket.OPEN || this.#isCut) return;
          super.send(data);
          listener({ direction: "sent", text: data });
        });
    }

    override close(code?: number, reason?: string): void {
      void this.#leaving.then(() => super.close(code, reason));
    }

    cut(): void {
      this.#end(new CloseEvent("close", CUT));
      this.#isCut = true;
      super.close();
    }

    #arrive(event: MessageEvent): void {
      this.#arriving = this.#arriving
        .then(() => weather.wait())
        .then(() => {
          if (this.#isCut) return;
          listener({ direction: "received", text: String(event.data) });
          this.#onmessage?.(event);
        });
    }

    #end(event: CloseEvent): void {
      if (!open.delete(this)) return;
      const why = event.code === CUT.code ? "cut" : `closed with ${event.code}`;
      void this.#arriving.then(() => {
        listener({ direction: "socket", text: [why, event.reason].filter(Boolean).join(": ") });
        this.#onclose?.(event);
      });
    }
  };
}

function tappedFetch(real: typeof fetch, weather: Weather, listener: Listener): typeof fetch {
  return async (input, init) => {
    const { pathname } = new URL(input instanceof Request ? input.url : input, location.href);
    const name = `${init?.method ?? "GET"} ${pathname}`;
    const isOwn = !pathname.startsWith("/dev/");
    await weather.wait();
    try {
      const answer = await real(input, init);
      await weather.wait();
      if (isOwn) listener({ direction: "request", text: `${name} ${answer.status}` });
      return answer;
    } catch (cause) {
      if (isOwn) listener({ direction: "request", text: `${name} had no answer` });
      throw cause;
    }
  };
}
