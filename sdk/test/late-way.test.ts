import { describe, expect, test } from "vitest";
import { lateWay } from "../src/late-way";
import type { WebSocketLike } from "../src/socket";

/** Greets in the first turn after it was made, as the event stream does. */
class Eager implements WebSocketLike {
  readyState: WebSocketLike["readyState"] = 1;
  onmessage: WebSocketLike["onmessage"] = null;
  onclose: WebSocketLike["onclose"] = null;
  onerror: WebSocketLike["onerror"] = null;
  readonly sent: string[] = [];
  closedWith: number | undefined;

  constructor() {
    queueMicrotask(() => this.onmessage?.call(null as never, { data: "hello" } as MessageEvent));
  }

  send(text: string): void {
    this.sent.push(text);
  }

  close(code?: number): void {
    this.closedWith = code;
  }
}

describe("a way whose code comes late", () => {
  test("loses no greeting and passes on what is sent", async () => {
    const inner = new Promise<Eager>((made) => {
      const open = lateWay(async () => () => {
        const eager = new Eager();
        made(eager);
        return eager;
      });
      const outer = open("ws://somewhere", []);
      outer.onmessage = ({ data }) => outer.send(`${data} yourself`);
    });
    const eager = await inner;
    await new Promise((resolve) => setTimeout(resolve));
    expect(eager.sent).toEqual(["hello yourself"]);
  });

  test("ends as a lost socket does when its code cannot be fetched", async () => {
    const open = lateWay(() => Promise.reject(new Error("no network")));
    const outer = open("ws://somewhere", []);
    const ending = await new Promise<CloseEvent>((resolve) => {
      outer.onclose = resolve;
    });
    expect(ending.code).toBe(1006);
  });

  test("closes what it was told to close before it came", async () => {
    const eager = new Eager();
    const outer = lateWay(async () => () => eager)("ws://somewhere", []);
    outer.close(1000);
    await new Promise((resolve) => setTimeout(resolve));
    expect(eager.closedWith).toBe(1000);
  });
});
