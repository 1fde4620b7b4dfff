import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { openEventStream } from "../src/event-stream";
import { decodeFrames } from "../src/frames";
import type { WebSocketLike } from "../src/socket";
import type { ClientFrame, ServerFrame } from "../src/wire.gen";
import { CONV, message, messageId, ready, synced, TS } from "./support/frames";
import { type Request, StreamServer } from "./support/stream-server";

const ROOT = `/livechat/conversations/${CONV}`;
const AGAIN = { code: "OVERLOADED", detail: "Too much at once." };

let server: StreamServer;
let stream: WebSocketLike;
let heard: ServerFrame[];
let signs: number;
let endings: { code: number; reason: string }[];

beforeEach(async () => {
  server = new StreamServer();
  stream = openEventStream(await server.listen(), ["chorus.v1", "chorus.bearer.token-0"]);
  [heard, signs, endings] = [[], 0, []];
  stream.onmessage = ({ data }: MessageEvent) => {
    signs += 1;
    heard.push(...decodeFrames(data));
  };
  stream.onclose = ({ code, reason }: CloseEvent) => endings.push({ code, reason });
});

afterEach(async () => {
  stream.close();
  await server.stop();
});

function send(frame: ClientFrame): void {
  stream.send(JSON.stringify(frame));
}

function authenticate(resume?: { epoch: string; last_seq: number }): void {
  const client = { name: "test", version: "1" };
  send({
    event: "auth",
    data: { nonce: "", session: CONV, client, ...(resume === undefined ? {} : { resume }) },
  });
}

function heardOf<E extends ServerFrame["event"]>(event: E) {
  return heard.filter((it): it is Extract<ServerFrame, { event: E }> => it.event === event);
}

function until(fact: () => void): Promise<void> {
  return vi.waitFor(fact, { timeout: 5_000, interval: 5 });
}

async function comeUp(): Promise<void> {
  authenticate();
  await until(() => expect(server.streams).toHaveLength(1));
  server.say(ready(0), synced(0));
  await until(() => expect(heardOf("synced")).toHaveLength(1));
}

function say(n: number): void {
  send({ event: "message", ref: n, data: { id: messageId(n), content: `number ${n}` } });
}

const delivered = (seq: number) => (request: Request) =>
  [201, { id: request.body.id, seq, ts: TS, dup: false }] as const;

test("it greets by itself, and resumes where its owner stands", async () => {
  await until(() => expect(heardOf("hello")).toHaveLength(1));
  authenticate({ epoch: "e1", last_seq: 41 });
  await until(() => expect(server.streams[0]?.path).toBe(`${ROOT}/events?after=41&epoch=e1`));
  expect(server.streams[0]?.token).toBe("token-0");
  server.say(ready(42), message(42), synced(42));
  await until(() => expect(heard.map((it) => it.event)).toContain("synced"));
  expect(heardOf("message").map((it) => it.seq)).toEqual([42]);
});

test("a frame in pieces and several in one piece are read alike", async () => {
  await comeUp();
  const [one, two] = [1, 2].map((seq) => `data: ${JSON.stringify(message(seq))}\n\n`);
  const whole = `${one}${two}`;
  server.write(whole.slice(0, 30));
  server.write(whole.slice(30, one?.length));
  server.write(whole.slice(one?.length));
  await until(() => expect(heardOf("message").map((it) => it.seq)).toEqual([1, 2]));
});

test("a comment is a sign of life", async () => {
  await comeUp();
  const before = signs;
  server.write(": still here\n\n");
  await until(() => expect(signs).toBe(before + 1));
});

test("messages are posted one after the other and answered as on a socket", async () => {
  await comeUp();
  let seq = 0;
  server.answer = (request) => {
    seq += 1;
    return delivered(seq)(request);
  };
  for (const n of [1, 2, 3]) say(n);
  await until(() => expect(heardOf("delivered")).toHaveLength(3));
  expect(heardOf("delivered").map(({ ref, seq: place, data }) => [ref, place, data.id])).toEqual(
    [1, 2, 3].map((n) => [n, n, messageId(n)]),
  );
  const posted = server.requests.filter(({ method }) => method === "POST");
  expect(posted.map(({ body }) => body.content)).toEqual(["number 1", "number 2", "number 3"]);
});

test("what may come again holds the later ones back until it does", async () => {
  await comeUp();
  server.answer = () => [503, AGAIN, { "Retry-After": "2" }];
  say(1);
  await until(() => expect(heardOf("nack")).toHaveLength(1));
  expect(heardOf("nack")[0]?.data).toMatchObject({
    id: messageId(1),
    code: "OVERLOADED",
    retryable: true,
    retry_after_ms: 2_000,
  });
  server.answer = delivered(1);
  say(2);
  await until(() => expect(heardOf("nack").map((it) => it.ref)).toEqual([1, 2]));
  say(1);
  say(2);
  await until(() => expect(heardOf("delivered").map((it) => it.ref)).toEqual([1, 2]));
});

test("a final refusal says why and holds nobody back", async () => {
  await comeUp();
  server.answer = ({ body }) =>
    body.id === messageId(1)
      ? [409, { code: "ID_CONFLICT", detail: "Another text has this id." }]
      : [201, { id: body.id, seq: 1, ts: TS, dup: false }];
  say(1);
  say(2);
  await until(() => expect(heardOf("delivered").map((it) => it.ref)).toEqual([2]));
  expect(heardOf("nack")[0]?.data).toMatchObject({ code: "ID_CONFLICT", retryable: false });
});

test("a command is posted as a command, and its answer is no event", async () => {
  await comeUp();
  server.answer = ({ body }) => [200, { id: messageId(9), seq: 4, ts: TS, dup: false, body }];
  send({ event: "rate", ref: 5, data: { id: messageId(9), score: 5 } });
  await until(() => expect(heardOf("delivered")).toHaveLength(1));
  expect(heardOf("delivered")[0]?.seq).toBeUndefined();
  expect(server.requests.at(-1)).toMatchObject({
    path: `${ROOT}/commands`,
    body: { event: "rate", data: { id: messageId(9), score: 5 } },
  });
});

test("a receipt names the newest message up to its place", async () => {
  await comeUp();
  server.answer = () => [204, null];
  server.say(message(1), message(2), message(4));
  await until(() => expect(heardOf("message")).toHaveLength(3));
  send({ event: "receipt", data: { kind: "read", up_to: 3 } });
  await until(() => expect(server.requests.at(-1)?.path).toBe(`/livechat/ack/${messageId(2)}`));
  expect(server.requests.at(-1)?.body).toEqual({ kind: "read" });
});

test("a ping asks the server and tells the head", async () => {
  await comeUp();
  server.answer = () => [200, { items: [], headSeq: 12 }];
  send({ event: "ping", data: { n: 3 } });
  await until(() => expect(heardOf("pong").map((it) => it.data)).toEqual([{ n: 3, seq: 12 }]));
});

test("a new token goes on with the stream after the last event, and is ready only once", async () => {
  await comeUp();
  server.say(message(1));
  await until(() => expect(heardOf("message")).toHaveLength(1));
  send({ event: "auth", data: { token: "token-1" } });
  await until(() => expect(server.streams).toHaveLength(2));
  expect(server.streams[1]).toMatchObject({
    path: `${ROOT}/events?after=1&epoch=e1`,
    token: "token-1",
  });
  server.say(ready(2), message(2), synced(2));
  await until(() => expect(heardOf("message").map((it) => it.seq)).toEqual([1, 2]));
  expect(heardOf("ready")).toHaveLength(1);
  expect(endings).toEqual([]);
});

test.each([
  [401, 4300],
  [403, 4003],
  [404, 4004],
  [503, 1006],
])("a stream refused with %i ends with %i", async (status, code) => {
  server.refusal = [status, {}];
  authenticate();
  await until(() => expect(endings.map((it) => it.code)).toEqual([code]));
});

test("the server's own close code arrives, and a broken stream is an abnormal end", async () => {
  await comeUp();
  server.write('event: close\ndata: {"code":4200,"reason":"drain"}\n\n');
  await until(() => expect(endings).toEqual([{ code: 4200, reason: "drain" }]));
});

test("a stream that breaks off is an abnormal end", async () => {
  await comeUp();
  server.endStream();
  await until(() => expect(endings.map((it) => it.code)).toEqual([1006]));
});
