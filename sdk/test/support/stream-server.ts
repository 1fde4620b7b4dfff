import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import type { ServerFrame } from "../../src/wire.gen";
import { CONV } from "./frames";

export interface Request {
  readonly method: string;
  readonly path: string;
  readonly token: string;
  readonly body: Record<string, unknown>;
}

type Answer = readonly [status: number, body: unknown, headers?: Record<string, string>];

/** The HTTP side of one conversation, played by hand over a real connection. */
export class StreamServer {
  readonly requests: Request[] = [];
  readonly #server: Server;
  #stream: ServerResponse | undefined;
  /** What the next stream is refused with, if it is. */
  refusal: Answer | undefined;
  answer: (request: Request) => Answer = () => [404, {}];

  constructor() {
    this.#server = createServer((request, response) => void this.#serve(request, response));
  }

  async listen(): Promise<string> {
    await new Promise<void>((resolve) => this.#server.listen(0, "127.0.0.1", resolve));
    const { port } = this.#server.address() as AddressInfo;
    return `ws://127.0.0.1:${port}/ws/v1/conversations/${CONV}`;
  }

  async stop(): Promise<void> {
    this.#server.closeAllConnections();
    await new Promise((resolve) => this.#server.close(resolve));
  }

  say(...frames: readonly ServerFrame[]): void {
    for (const frame of frames) {
      const id = frame.seq === undefined ? "" : `id: ${frame.seq}\n`;
      this.write(`${id}data: ${JSON.stringify(frame)}\n\n`);
    }
  }

  write(text: string): void {
    this.#stream?.write(text);
  }

  endStream(): void {
    this.#stream?.end();
  }

  get streams(): Request[] {
    return this.requests.filter(({ path }) => path.includes("/events"));
  }

  async #serve(incoming: IncomingMessage, response: ServerResponse): Promise<void> {
    const text = (await incoming.toArray()).join("");
    const request = {
      method: incoming.method ?? "",
      path: incoming.url ?? "",
      token: (incoming.headers.authorization ?? "").replace("Bearer ", ""),
      body: text === "" ? {} : JSON.parse(text),
    };
    this.requests.push(request);
    if (request.path.includes("/events") && this.refusal === undefined) {
      this.#stream = response.writeHead(200, { "Content-Type": "text/event-stream" });
      response.flushHeaders();
      return;
    }
    const [status, body, headers] = this.refusal ?? this.answer(request);
    response.writeHead(status, { "Content-Type": "application/json", ...headers });
    response.end(status === 204 ? undefined : JSON.stringify(body));
  }
}
