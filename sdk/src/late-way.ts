import { CLOSE } from "./close";
import type { OpenWebSocket, WebSocketLike } from "./socket";

/** A way whose code is fetched only when it is taken. */
export function lateWay(load: () => Promise<OpenWebSocket>): OpenWebSocket {
  return (url, protocols) => new LateSocket(load(), (open) => open(url, protocols));
}

/** Nothing is sent before the other side has greeted, so nothing has to wait here. */
class LateSocket implements WebSocketLike {
  onmessage: WebSocketLike["onmessage"] = null;
  onclose: WebSocketLike["onclose"] = null;
  onerror: WebSocketLike["onerror"] = null;
  #inner: WebSocketLike | undefined;
  #closed = false;

  constructor(coming: Promise<OpenWebSocket>, open: (way: OpenWebSocket) => WebSocketLike) {
    coming.then(
      // At once: it may greet before anybody else has had a turn.
      (way) => this.#begin(open(way)),
      () => this.#end({ code: CLOSE.abnormal, reason: "" } as CloseEvent),
    );
  }

  get readyState(): WebSocketLike["readyState"] {
    return this.#inner?.readyState ?? 1;
  }

  send(text: string): void {
    this.#inner?.send(text);
  }

  close(code?: number): void {
    this.#closed = true;
    this.#inner?.close(code);
  }

  #begin(inner: WebSocketLike): void {
    this.#inner = inner;
    if (this.#closed) return inner.close(CLOSE.normal);
    inner.onmessage = (event) => this.onmessage?.call(inner as WebSocket, event);
    inner.onclose = (event) => this.#end(event);
  }

  #end(event: CloseEvent): void {
    this.onclose?.call(this as unknown as WebSocket, event);
  }
}
