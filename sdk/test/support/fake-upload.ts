import { vi } from "vitest";

/** Requests of one page, whose other side a test plays by hand. */
export class FakeUploads {
  readonly all: FakeRequest[] = [];

  /** Let the page make these instead of real ones. */
  install(): this {
    const { all } = this;
    vi.stubGlobal(
      "XMLHttpRequest",
      class extends FakeRequest {
        constructor() {
          super();
          all.push(this);
        }
      },
    );
    return this;
  }

  get last(): FakeRequest {
    const found = this.all.at(-1);
    if (found === undefined) throw new Error("nothing was asked");
    return found;
  }
}

export class FakeRequest {
  readonly upload: { onprogress?: (event: { loaded: number; total: number }) => void } = {};
  readonly headers: Record<string, string> = {};
  onload?: () => void;
  onerror?: () => void;
  onabort?: () => void;
  onloadend?: () => void;
  method = "";
  url = new URL("http://nowhere.test");
  body: Blob | undefined;
  status = 0;
  responseText = "";
  isAborted = false;

  open(method: string, url: string): void {
    this.method = method;
    this.url = new URL(url);
  }

  setRequestHeader(name: string, value: string): void {
    this.headers[name] = value;
  }

  send(body: Blob): void {
    this.body = body;
  }

  abort(): void {
    this.isAborted = true;
    this.onabort?.();
    this.onloadend?.();
  }

  /** So much of it has left. */
  move(loaded: number, total: number): void {
    this.upload.onprogress?.({ loaded, total });
  }

  answer(status: number, body: unknown): void {
    this.status = status;
    this.responseText = typeof body === "string" ? body : JSON.stringify(body);
    this.onload?.();
    this.onloadend?.();
  }

  /** The server takes it, and says so as it does. */
  accept(more: Readonly<Record<string, unknown>> = {}): void {
    const [id, name] = ["id", "name"].map((key) => this.url.searchParams.get(key));
    const size = this.body?.size ?? 0;
    const mime = "image/png";
    const link = { url: `/files/${id}`, expiresAt: "2099-01-01T00:00:00Z" };
    this.answer(201, { id, name, mime, size, ...link, ...more });
  }

  /** The network goes away in the middle of it. */
  cut(): void {
    this.onerror?.();
    this.onloadend?.();
  }
}
