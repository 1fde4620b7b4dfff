// @vitest-environment happy-dom
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { FakeUploads } from "../../sdk/test/support/fake-upload";
import type { Settings } from "../src/api";
import { AT_HOME, holdTime, Stage } from "./support/stage";

const FILES = { enabled: true, maxBytes: 1_000, types: ["image/png", "application/pdf"] };

let stage: Stage;
let uploads: FakeUploads;

vi.setConfig({ testTimeout: 30_000 });

beforeEach(() => {
  holdTime();
  uploads = new FakeUploads().install();
});

afterEach(() => {
  stage.leave();
  vi.unstubAllGlobals();
  vi.useRealTimers();
});

async function chatting(
  settings: Partial<Settings> = {},
  files: object | null = FILES,
): Promise<void> {
  stage = new Stage({ settings, config: { ...AT_HOME, files } });
  await stage.open();
}

function file(name = "lamp.png", { type = "image/png", bytes = 10 } = {}): File {
  return new File(["x".repeat(bytes)], name, { type });
}

/** As the browser says that something was pasted or dropped. */
async function bring(files: readonly File[], how = "paste"): Promise<Event> {
  const event = new Event(how, { bubbles: true, cancelable: true });
  const data = { files, types: files.length > 0 ? ["Files"] : ["text/plain"] };
  Object.assign(event, how === "paste" ? { clipboardData: data } : { dataTransfer: data });
  stage.one(".composer textarea").dispatchEvent(event);
  await stage.pass(300);
  return event;
}

const rows = () => stage.texts(".tray-row .file-name");
const phases = () =>
  [...stage.root.querySelectorAll<HTMLElement>(".tray-row")].map((it) => it.dataset.phase);
const sentences = () => stage.texts(".composer [role=alert]").filter((it) => it !== "");
const sendButton = () => stage.one(".send") as HTMLButtonElement;

/** What messages left, as the server got them. */
function sent() {
  const frames = [...stage.chorus.sockets].flatMap((it) => (it as unknown as Wire).sent);
  return frames.filter(({ event }) => event === "message").map(({ data }) => data);
}

interface Wire {
  readonly sent: readonly { readonly event: string; readonly data: Record<string, unknown> }[];
}

async function press(selector: string): Promise<void> {
  stage.one(selector).click();
  await stage.pass(200);
}

test("a pasted picture is uploaded at once, and goes with the next words", async () => {
  await chatting();
  const event = await bring([file()]);
  expect(event.defaultPrevented).toBe(true);
  expect(rows()).toEqual(["lamp.png"]);
  uploads.last.move(5, 10);
  await stage.pass(50);
  expect((stage.one(".tray progress") as HTMLProgressElement).value).toBe(0.5);
  uploads.last.accept({ name: "lamp.png" });
  await stage.pass(50);
  expect(phases()).toEqual(["ready"]);
  const id = uploads.last.url.searchParams.get("id");
  await stage.say("This one flickers.");
  expect(rows()).toEqual([]);
  expect(sent()).toMatchObject([{ content: "This one flickers.", attachments: [id] }]);
  expect(sent()[0]).not.toHaveProperty("files");
  expect(stage.texts(".row.own .file-name")).toEqual(["lamp.png"]);
  const told = stage.heard.filter(([name]) => name === "file:uploaded");
  expect(told).toEqual([["file:uploaded", { id, name: "lamp.png", mime: "image/png", size: 10 }]]);
});

test("a file needs no words, and nothing leaves before all of it is there", async () => {
  await chatting();
  expect(sendButton().disabled).toBe(true);
  await bring([file("order.pdf", { type: "application/pdf" })], "drop");
  await stage.say("Here it is.");
  expect(sent()).toEqual([]);
  expect((stage.one(".composer textarea") as HTMLTextAreaElement).value).toBe("Here it is.");
  uploads.last.accept();
  await stage.type(".composer textarea", "");
  expect(sendButton().disabled).toBe(false);
  await stage.say("");
  expect(sent()).toMatchObject([{ content: "", attachments: [expect.any(String)] }]);
  expect(stage.texts(".row.own .text")).toEqual([]);
});

test("a refusal is a sentence beside its file; the words leave without it and it stays to be seen", async () => {
  await chatting();
  await stage.type(".composer textarea", "See the log.");
  await bring([file("virus.exe")]);
  uploads.last.answer(415, { code: "BAD_TYPE", detail: "x-msdownload" });
  await stage.pass(50);
  expect(sentences()).toEqual(["Files of this kind are not taken here."]);
  expect(stage.root.querySelector(".tray-row .link-button")).toBeNull();
  await stage.say("See the log.");
  expect(sent()).toMatchObject([{ content: "See the log." }]);
  expect(rows()).toEqual(["virus.exe"]);
  await press(".tray-row .icon-button");
  expect(rows()).toEqual([]);
});

test("what this page has no words for is said in the server's", async () => {
  await chatting();
  await bring([file()]);
  uploads.last.answer(422, { code: "INVALID", detail: "This picture is broken." });
  await stage.pass(50);
  expect(sentences()).toEqual(["This picture is broken."]);
});

test("what is too large or too many is told before a byte leaves", async () => {
  await chatting();
  await bring([file("film.png", { bytes: 1_001 })]);
  expect(sentences()).toEqual(["film.png is too large: at most 1 kB."]);
  await bring(Array.from({ length: 11 }, (_, at) => file(`${at}.png`)));
  expect(rows()).toHaveLength(10);
  expect(sentences()).toEqual(["A message carries at most 10 files."]);
  expect(uploads.all).toHaveLength(1);
});

test("after the network was away the same file goes on by itself, or by hand, under the same id", async () => {
  await chatting();
  await stage.say("Wait.");
  await bring([file()]);
  uploads.last.cut();
  await stage.pass(50);
  expect(phases()).toEqual(["failed"]);
  expect(sentences()).toEqual(["Not uploaded."]);
  await press(".tray-row .link-button");
  expect(uploads.all).toHaveLength(2);
  uploads.last.cut();
  stage.chorus.cut();
  await stage.pass(3_000);
  expect(stage.panel.facts().connection).toBe("online");
  expect(uploads.all).toHaveLength(3);
  expect(new Set(uploads.all.map(({ url }) => url.href)).size).toBe(1);
  uploads.last.accept();
  await stage.pass(50);
  expect(phases()).toEqual(["ready"]);
});

test("who thinks better of it stops the upload, and the next file has its turn", async () => {
  await chatting();
  await bring([file("first.png"), file("second.png")]);
  expect(uploads.all).toHaveLength(1);
  await press(".tray-row .icon-button");
  expect(uploads.all[0]?.isAborted).toBe(true);
  expect(rows()).toEqual(["second.png"]);
  expect(uploads.last.url.searchParams.get("name")).toBe("second.png");
});

test("what was uploaded and not sent is there on the next page", async () => {
  await chatting();
  await stage.say("Wait.");
  await bring([file("order.pdf", { type: "application/pdf" })]);
  uploads.last.accept({ name: "order.pdf" });
  await stage.pass(50);
  const kept = { ...localStorage };
  stage.leave();
  const before = uploads.all.length;
  stage = new Stage({ config: { ...AT_HOME, files: FILES } });
  for (const [name, value] of Object.entries(kept)) localStorage.setItem(name, String(value));
  await stage.open();
  await stage.pass(300);
  expect(rows()).toEqual(["order.pdf"]);
  expect(uploads.all).toHaveLength(before);
});

describe("files", () => {
  const isOffered = () => stage.root.querySelector("input[type=file]") !== null;

  test("are offered where inbox and page want them, of the kinds that are taken", async () => {
    await chatting();
    expect((stage.one("input[type=file]") as HTMLInputElement).accept).toBe(
      "image/png,application/pdf",
    );
  });

  test.each([
    ["the page", { features: { upload: false } }, FILES],
    ["the inbox", {}, { ...FILES, enabled: false }],
    ["an older server", {}, null],
  ])("are not offered nor taken where %s does not want them", async (_, settings, files) => {
    await chatting(settings, files);
    expect(isOffered()).toBe(false);
    const event = await bring([file()]);
    expect(event.defaultPrevented).toBe(false);
    expect(uploads.all).toEqual([]);
  });

  test("do not keep pasted text out", async () => {
    await chatting();
    expect((await bring([])).defaultPrevented).toBe(false);
  });

  test("that somebody dropped never take the page away", async () => {
    await chatting({ features: { upload: false } });
    expect((await bring([file()], "drop")).defaultPrevented).toBe(true);
  });
});

test("a picture has its room before it is here, and a file its name; both are read out", async () => {
  await chatting();
  await stage.say("Hello?");
  const files = [
    { id: "f-1", name: "lamp.png", mime: "image/png", size: 2_048, width: 480, height: 300 },
    { id: "f-2", name: "bill.pdf", mime: "application/pdf", size: 3 * 1024 ** 2 },
  ];
  const said = { id: "m-1", role: "agent", userId: "a-1", content: "", type: "text" };
  const ts = "2026-11-20T09:30:00.123Z";
  stage.tell("message", { ...said, visibility: "public", ts, attachments: ["f-1", "f-2"], files });
  await stage.pass(1_500);
  const { style } = stage.one(".row.other .picture");
  expect([style.inlineSize, style.aspectRatio]).toEqual(["240px", "240 / 150"]);
  const names = [...stage.root.querySelectorAll(".file")].map((it) =>
    it.getAttribute("aria-label"),
  );
  expect(names).toEqual(["Download lamp.png, 2 kB", "Download bill.pdf, 3 MB"]);
  const spoken = stage.texts("div[role=status].visually-hidden p").join("");
  expect(spoken).toContain("lamp.png bill.pdf");
});
