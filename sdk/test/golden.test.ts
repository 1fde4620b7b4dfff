import { readdirSync, readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { newConversation, reduce } from "../src/conversation";
import { decodeFrames } from "../src/frames";
import { type ClientFrame, DURABLE_EVENTS, REQUIRED_KEYS } from "../src/wire.gen";
import { CONV } from "./support/frames";

interface Golden {
  readonly name: string;
  readonly direction: "client" | "server";
  readonly frame: { readonly event: string; readonly data: object; readonly seq?: number };
}

const folder = new URL("../../tests/golden/", import.meta.url);
const golden = readdirSync(folder)
  .filter((name) => name.endsWith(".json"))
  .flatMap((name) => JSON.parse(readFileSync(new URL(name, folder), "utf8")) as Golden[]);
const fromServer = golden.filter((it) => it.direction === "server");
const fromClient = golden.filter((it) => it.direction === "client");

describe("golden frames of the server", () => {
  test.each(fromServer.map((it) => [it.name, it] as const))("%s is read whole", (_, { frame }) => {
    expect(decodeFrames(JSON.stringify(frame))).toEqual([frame]);
  });

  test.each(fromServer.map((it) => [it.name, it] as const))("%s is survived", (_, { frame }) => {
    const [known] = decodeFrames(JSON.stringify(frame));
    if (known === undefined) throw new Error("not decoded");
    const start = newConversation(CONV, "customer", null);
    const { state } = reduce(start, { type: "frame", frame: known, atMs: 0 });
    expect(state.id).toBe(CONV);
  });

  test("every event that a server may send stands there", () => {
    const events = new Set(fromServer.map((it) => it.frame.event));
    expect(Object.keys(REQUIRED_KEYS).filter((event) => !events.has(event))).toEqual([]);
  });

  test("every durable event has a seq in at least one of them", () => {
    const placed = fromServer.filter((it) => it.frame.seq !== undefined);
    const events = new Set<string>(placed.map((it) => it.frame.event));
    expect(DURABLE_EVENTS.filter((event) => !events.has(event))).toEqual([]);
  });

  test("a known event without a key it always has is left out", () => {
    for (const { frame } of fromServer) {
      const [missing] = REQUIRED_KEYS[frame.event as keyof typeof REQUIRED_KEYS];
      if (missing === undefined) continue;
      const { [missing]: _, ...data } = frame.data as Record<string, unknown>;
      expect(decodeFrames(JSON.stringify({ ...frame, data })), frame.event).toEqual([]);
    }
  });
});

describe("golden frames of the client", () => {
  test("are of the events that this package may send", () => {
    const known: Record<ClientFrame["event"], true> = {
      auth: true,
      active: true,
      ping: true,
      pong: true,
      position: true,
      message: true,
      edit: true,
      delete: true,
      moderate: true,
      receipt: true,
      typing: true,
      viewing: true,
      escalate: true,
      cancel: true,
      rate: true,
      "inbox.open": true,
      subscribe: true,
      unsubscribe: true,
      claim: true,
      assign: true,
      transfer: true,
      resolve: true,
      reopen: true,
      snooze: true,
      update: true,
      mark: true,
      return_to_bot: true,
      "offer.accept": true,
      "offer.decline": true,
      "agent.status": true,
    };
    expect(fromClient.map((it) => it.frame.event).filter((event) => !(event in known))).toEqual([]);
    expect(fromClient.length).toBeGreaterThan(0);
  });
});

describe("reading a socket frame", () => {
  test("several objects joined by newlines are several frames", () => {
    const frames = fromServer.slice(0, 3).map((it) => it.frame);
    expect(decodeFrames(frames.map((it) => JSON.stringify(it)).join("\n"))).toEqual(frames);
  });

  test.each(["", "null", "[]", "{", '{"event":1,"data":{}}', '{"event":"x","data":[]}'])(
    "%j is no frame and no error",
    (text) => {
      expect(decodeFrames(text)).toEqual([]);
    },
  );
});
