import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { type Credentials, fixedCredentials } from "../src/credentials";
import { type FileAccess, fileLink, STALLED_AFTER_MS, uploadFile } from "../src/uploads";
import { FakeUploads } from "./support/fake-upload";
import { CONV, messageId } from "./support/frames";

const ID = messageId(1);
const PICTURE = new Blob(["0123456789"], { type: "image/png" });

let uploads: FakeUploads;

beforeEach(() => {
  vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout"] });
  uploads = new FakeUploads().install();
});

afterEach(() => {
  vi.unstubAllGlobals();
  vi.useRealTimers();
});

function access(credentials: Credentials = fixedCredentials("t1", async () => "t2")): FileAccess {
  return { apiBase: "http://chorus.test/", credentials, conv: CONV };
}

function uploading(signal?: AbortSignal, onProgress?: (share: number) => void) {
  const done = uploadFile(access(), {
    id: ID,
    file: PICTURE,
    name: "a b&c.png",
    signal,
    onProgress,
  });
  done.catch(() => undefined);
  return done;
}

test("a file leaves as it is, under the id and the name it was given, and tells how far it is", async () => {
  const shares: number[] = [];
  const done = uploading(undefined, (share) => void shares.push(share));
  expect(uploads.all).toHaveLength(1);
  const { url, method, headers, body } = uploads.last;
  expect(`${method} ${url.origin}${url.pathname}`).toBe(
    "POST http://chorus.test/livechat/attachments",
  );
  expect(Object.fromEntries(url.searchParams)).toEqual({
    id: ID,
    conversationId: CONV,
    name: "a b&c.png",
  });
  expect(headers).toEqual({ Authorization: "Bearer t1", "Content-Type": "image/png" });
  expect(body).toBe(PICTURE);
  uploads.last.move(4, 10);
  uploads.last.move(10, 10);
  uploads.last.accept({ width: 3, height: 2 });
  expect(await done).toMatchObject({ id: ID, size: 10, width: 3, url: `/files/${ID}` });
  expect(shares).toEqual([0.4, 1]);
});

test("a token that ended meanwhile is renewed, and the same file leaves again", async () => {
  const done = uploading();
  expect(uploads.all).toHaveLength(1);
  uploads.last.answer(401, { code: "UNAUTHENTICATED", detail: "Expired." });
  await vi.waitFor(() => expect(uploads.all).toHaveLength(2));
  expect(uploads.last.headers.Authorization).toBe("Bearer t2");
  expect(uploads.last.url.href).toBe(uploads.all[0]?.url.href);
  uploads.last.accept();
  expect((await done).id).toBe(ID);
});

test.each([
  [{ code: "BAD_TYPE", detail: "Programs are not taken." }, "BAD_TYPE", "Programs are not taken."],
  [{ code: "BAD_TYPE", message: "Not this." }, "BAD_TYPE", "Not this."],
  ["<html>Payload Too Large</html>", "HTTP_415", "The chat answered with an error."],
  ["null", "HTTP_415", "The chat answered with an error."],
])("a refusal %j is told in words", async (body, code, message) => {
  const done = uploading();
  expect(uploads.all).toHaveLength(1);
  uploads.last.answer(415, body);
  await expect(done).rejects.toMatchObject({ code, message, status: 415 });
});

test("an answer that names no file is a failure, whoever gave it", async () => {
  const done = uploading();
  expect(uploads.all).toHaveLength(1);
  uploads.last.answer(200, "<html>Sign in to this network</html>");
  await expect(done).rejects.toMatchObject({ code: "HTTP_200" });
});

test("what does not move any more is given up; what moves slowly is not", async () => {
  const done = uploading();
  expect(uploads.all).toHaveLength(1);
  await vi.advanceTimersByTimeAsync(STALLED_AFTER_MS - 1);
  uploads.last.move(1, 10);
  await vi.advanceTimersByTimeAsync(STALLED_AFTER_MS - 1);
  expect(uploads.last.isAborted).toBe(false);
  await vi.advanceTimersByTimeAsync(1);
  expect(uploads.last.isAborted).toBe(true);
  await expect(done).rejects.toMatchObject({ code: "UNREACHABLE", status: 0 });
});

test("a network that goes away is told apart from whoever thinks better of it", async () => {
  const lost = uploading();
  expect(uploads.all).toHaveLength(1);
  uploads.last.cut();
  await expect(lost).rejects.toMatchObject({ code: "UNREACHABLE" });
  const end = new AbortController();
  const unwanted = uploading(end.signal);
  await vi.waitFor(() => expect(uploads.all).toHaveLength(2));
  end.abort();
  expect(uploads.last.isAborted).toBe(true);
  await expect(unwanted).rejects.toMatchObject({ code: "CANCELLED" });
  await expect(uploading(end.signal)).rejects.toMatchObject({ code: "CANCELLED" });
  expect(uploads.last.body).toBeUndefined();
});

test("a link is asked for with a token that still works", async () => {
  const tokens: (string | null)[] = [];
  vi.stubGlobal("fetch", async (url: string, { headers }: RequestInit) => {
    tokens.push(new Headers(headers).get("Authorization"));
    expect(url).toBe(`http://chorus.test/livechat/attachments/${ID}`);
    if (tokens.length === 1) return Response.json({ code: "UNAUTHENTICATED" }, { status: 401 });
    return Response.json({ id: ID, name: "a.png", url: "/files/x" });
  });
  expect((await fileLink(access(), ID)).url).toBe("/files/x");
  expect(tokens).toEqual(["Bearer t1", "Bearer t2"]);
});
