import { QueryClient } from "@tanstack/react-query";
import { beforeEach, describe, expect, test, vi } from "vitest";
import {
  attach,
  type Carrier,
  detach,
  isPassing,
  refusalOf,
  retryAttaching,
  useAttaching,
} from "../src/features/composer/attached";
import { sentIn } from "../src/features/context/files-tab";
import { dropDraft, filesOf, setFiles } from "../src/shared/drafts/drafts";
import { boxOf, fileSize, filesIn, isPicture, MAX_FILES } from "../src/shared/files/cards";
import { CONV, change, message } from "./support";

/** What the browser would send, to be answered by the test. */
class FakeRequest {
  static all: FakeRequest[] = [];
  upload: { onprogress?: (event: { loaded: number; total: number }) => void } = {};
  status = 0;
  responseText = "";
  url = "";
  onload?: () => void;
  onerror?: () => void;
  onabort?: () => void;
  onloadend?: () => void;

  constructor() {
    FakeRequest.all.push(this);
  }

  open(_method: string, url: string): void {
    this.url = url;
  }

  setRequestHeader(): void {}
  send(): void {}

  abort(): void {
    this.onabort?.();
    this.onloadend?.();
  }

  get id(): string {
    return new URL(this.url, "http://x").searchParams.get("id") ?? "";
  }

  answer(status: number, body: object = { id: this.id, name: "a.png", mime: "image/png" }): void {
    this.status = status;
    this.responseText = JSON.stringify(body);
    this.onload?.();
    this.onloadend?.();
  }

  break(): void {
    this.onerror?.();
    this.onloadend?.();
  }
}

const DRAFT = `me:${CONV}:reply`;
const credentials = { token: () => "t", refresh: async () => "t" };
const client = { access: (conv: string) => ({ apiBase: "", credentials, conv }) };
let carrier: Carrier;

beforeEach(() => {
  FakeRequest.all = [];
  vi.stubGlobal("XMLHttpRequest", FakeRequest);
  useAttaching.setState({ all: [] });
  dropDraft(DRAFT);
  const cache = new QueryClient();
  carrier = { client: client as unknown as Carrier["client"], cache, conv: CONV, draft: DRAFT };
  return () => vi.unstubAllGlobals();
});

const file = (name = "a.txt", size = 3) => new File(["x".repeat(size)], name);
const underWay = () => useAttaching.getState().all;
const begun = () => vi.waitFor(() => expect(FakeRequest.all.length).toBeGreaterThan(0));
const last = () => FakeRequest.all.at(-1) as FakeRequest;

describe("a file that is put to a draft", () => {
  test("tells how far it is, and belongs to the draft once the server has it", async () => {
    attach(carrier, [file()]);
    await begun();
    last().upload.onprogress?.({ loaded: 1, total: 4 });
    expect(underWay()).toMatchObject([{ name: "a.txt", status: "sending", share: 0.25 }]);
    const { id } = last();
    last().answer(201);
    await vi.waitFor(() => expect(filesOf(DRAFT)).toEqual([id]));
    expect(underWay()).toEqual([]);
    expect(carrier.cache.getQueryData(["file", id])).toMatchObject({ name: "a.png" });
  });

  test("that did not get there is sent again as the same file", async () => {
    attach(carrier, [file()]);
    await begun();
    const { id } = last();
    last().break();
    await vi.waitFor(() => expect(underWay()[0]?.status).toBe("failed"));
    expect(filesOf(DRAFT)).toEqual([]);
    retryAttaching(id);
    await vi.waitFor(() => expect(FakeRequest.all).toHaveLength(2));
    expect(last().id).toBe(id);
    last().answer(200);
    await vi.waitFor(() => expect(filesOf(DRAFT)).toEqual([id]));
  });

  test("that is refused says why in the server's words", async () => {
    attach(carrier, [file()]);
    await begun();
    last().answer(415, { code: "BAD_TYPE", detail: "Programs cannot be sent." });
    await vi.waitFor(() => expect(underWay()[0]?.status).toBe("refused"));
    expect(underWay()[0]?.reason).toBe("Programs cannot be sent.");
  });

  test("that was given up leaves nothing, also when the answer comes late", async () => {
    attach(carrier, [file()]);
    await begun();
    const request = last();
    detach(DRAFT, request.id);
    expect(underWay()).toEqual([]);
    request.answer(201);
    await Promise.resolve();
    expect(filesOf(DRAFT)).toEqual([]);
  });

  test("is not tried where it surely would be refused", () => {
    const limits = { maxBytes: 10, types: [] };
    expect([...attach(carrier, [file("a", 11), file("b", 0)], limits)]).toEqual([
      "tooBig",
      "empty",
    ]);
    setFiles(
      DRAFT,
      Array.from({ length: MAX_FILES }, (_, at) => `f-${at}`),
    );
    expect([...attach(carrier, [file()], limits)]).toEqual(["tooMany"]);
    expect(underWay()).toEqual([]);
    expect(refusalOf({ size: 10 }, 0, limits)).toBeNull();
  });
});

test.each([
  [0, true],
  [429, true],
  [503, true],
  [507, true],
  [404, false],
  [409, false],
  [413, false],
  [415, false],
])("after %i another try helps: %s", (status, helps) => {
  expect(isPassing(status)).toBe(helps);
});

describe("files of messages", () => {
  const card = { id: "f-1", name: "a.png", mime: "image/png", size: 10 };

  test("are told by the message where it can, and by their id where it cannot", () => {
    const bearer = message(1, { attachments: ["f-1", "f-2"], files: [card] });
    expect(filesIn(bearer)).toEqual([card, { id: "f-2" }]);
    expect(filesIn({ ...bearer, deleted: true })).toEqual([]);
  });

  test("stand in the list with their message, the latest first", () => {
    const items = [
      message(1, { attachments: ["f-1"] }),
      change(2, { event: "participant", data: {} }),
      message(3, { attachments: ["f-2", "f-3"] }),
      message(4, { attachments: ["f-4"], hidden: true }),
    ];
    const listed = sentIn(items).map(({ file: { id }, message: { seq } }) => [id, seq]);
    expect(listed).toEqual([
      ["f-2", 3],
      ["f-3", 3],
      ["f-1", 1],
    ]);
  });

  test("that are pictures have a box before they come", () => {
    expect(boxOf({ width: 1_000, height: 500 })).toEqual({ width: 240, height: 120 });
    expect(boxOf({ width: 100, height: 100 })).toEqual({ width: 100, height: 100 });
    expect(boxOf({ width: 9_000, height: 10 })).toEqual({ width: 240, height: 48 });
    expect(boxOf({})).toEqual({ width: 240, height: 180 });
    expect([isPicture("image/png"), isPicture("image/svg+xml")]).toEqual([true, false]);
  });

  test.each([
    [0, "0 byte"],
    [999, "999 byte"],
    [1_200, "1 kB"],
    [3_440_000, "3.4 MB"],
  ])("of %i bytes have %s", (bytes, said) => {
    expect(fileSize(bytes, { locale: "en" })).toBe(said);
  });
});
