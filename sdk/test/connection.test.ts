import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { Connection, type ConnectionStatus } from "../src/connection";
import { type Credentials, SIGNED_OUT } from "../src/credentials";
import { ChorusError } from "../src/errors";
import type { ServerFrame } from "../src/wire.gen";
import { FakeNetwork } from "./support/fake-network";
import { CONV, message, ready } from "./support/frames";

let network: FakeNetwork;
let connection: Connection;
let statuses: ConnectionStatus[];
let frames: ServerFrame[];
let refreshes: number;
let refresh: () => Promise<string>;
let random: () => number;
let tooBig: number;

beforeEach(() => {
  vi.useFakeTimers();
  network = new FakeNetwork();
  [statuses, frames, refreshes, tooBig] = [[], [], 0, 0];
  random = () => 0.5;
  refresh = async () => {
    refreshes += 1;
    token = `token-${refreshes}`;
    return token;
  };
  let token = "token-0";
  const credentials: Credentials = { token: () => token, refresh: () => refresh() };
  connection = new Connection({
    url: `ws://host/ws/v1/conversations/${CONV}`,
    credentials,
    session: "5e55",
    clientName: "test",
    resume: () => ({ epoch: "e1", last_seq: 41 }),
    onStatus: (status) => statuses.push(status),
    onReady: () => undefined,
    onFrame: (frame) => frames.push(frame),
    onTooBig: () => {
      tooBig += 1;
    },
    openWebSocket: network.open,
    random: () => random(),
  });
});

afterEach(() => {
  connection.stop();
  vi.useRealTimers();
});

function comeUp(): void {
  network.last.greet();
  network.last.say(ready(0));
}

function online(): void {
  connection.start();
  comeUp();
}

/** How long until the next dial, measured on the fake clock. */
async function waitForDial(limitMs = 60_000): Promise<number> {
  const dialled = network.sockets.length;
  const startMs = Date.now();
  while (network.sockets.length === dialled && Date.now() - startMs < limitMs) {
    await vi.advanceTimersByTimeAsync(10);
  }
  return Date.now() - startMs;
}

describe("opening", () => {
  test("the token travels as subprotocol, the nonce and the resume point in auth", () => {
    online();
    expect(network.last.protocols).toEqual(["chorus.v1", "chorus.bearer.token-0"]);
    expect(network.last.url).not.toContain("token");
    expect(network.last.of("auth")[0]?.data).toMatchObject({
      nonce: "n-1",
      session: "5e55",
      client: { name: "test", batch: true },
      resume: { epoch: "e1", last_seq: 41 },
    });
    expect(statuses.at(-1)).toEqual({ phase: "online" });
  });

  test("nothing is sent before ready", () => {
    connection.start();
    network.last.greet();
    expect(connection.send({ event: "position", data: { seq: 0, epoch: "e1" } })).toBe(false);
    expect(network.last.of("position")).toEqual([]);
  });

  test("a proxy that swallows the handshake is given up", async () => {
    connection.start();
    await vi.advanceTimersByTimeAsync(15_000);
    expect(network.last.closedByClient).toBe(1000);
    expect(statuses.at(-1)?.phase).toBe("waiting");
  });

  test("several frames in one are read one by one, garbage and binary not at all", () => {
    online();
    network.last.sayText(`${JSON.stringify(message(1))}\n{oops\n${JSON.stringify(message(2))}`);
    network.last.sayText(new ArrayBuffer(3));
    expect(frames.map((frame) => frame.seq)).toEqual([1, 2]);
  });
});

describe("staying", () => {
  test("a ping goes out every ping_ms and the server's ping is answered", async () => {
    online();
    network.last.say({ event: "ping", data: { n: 7 } });
    expect(network.last.of("pong")[0]?.data.n).toBe(7);
    await vi.advanceTimersByTimeAsync(25_000);
    expect(network.last.of("ping")).toHaveLength(1);
  });

  test("silence for dead_ms ends the socket and a new one resumes", async () => {
    online();
    await vi.advanceTimersByTimeAsync(34_999);
    expect(network.sockets[0]?.closedByClient).toBeUndefined();
    await vi.advanceTimersByTimeAsync(1);
    expect(network.sockets[0]?.closedByClient).toBe(1000);
    await waitForDial();
    expect(network.sockets).toHaveLength(2);
  });

  test("any frame counts as life", async () => {
    online();
    for (let round = 0; round < 5; round += 1) {
      await vi.advanceTimersByTimeAsync(30_000);
      network.last.say(message(round + 1));
    }
    expect(network.sockets).toHaveLength(1);
    expect(connection.isOnline).toBe(true);
  });

  test("waking probes a socket that looks alive, and replaces it when it is not", async () => {
    online();
    connection.wake();
    expect(network.last.of("ping")).toHaveLength(1);
    await vi.advanceTimersByTimeAsync(5_000);
    expect(statuses.at(-1)?.phase).toBe("waiting");
  });

  test("probing while it waits changes nothing", async () => {
    online();
    network.last.end(1006);
    connection.probe();
    expect(network.sockets).toHaveLength(1);
  });

  test("waking while it waits dials at once", () => {
    online();
    network.last.end(1006);
    connection.wake();
    expect(network.sockets).toHaveLength(2);
  });

  test("a token that expires is renewed on the same socket", async () => {
    online();
    network.last.say({ event: "auth.expiring", data: { in_ms: 60_000 } });
    await vi.advanceTimersByTimeAsync(0);
    expect(network.last.of("auth")[1]?.data).toEqual({ token: "token-1" });
    expect(network.sockets).toHaveLength(1);
  });
});

describe("coming back", () => {
  test("failures wait longer and longer", async () => {
    connection.start();
    const waits: number[] = [];
    for (let round = 0; round < 8; round += 1) {
      network.last.end(1006);
      waits.push(await waitForDial());
    }
    expect(waits).toEqual([350, 600, 1_100, 2_100, 4_100, 8_100, 10_100, 10_100]);
  });

  test("ten seconds of ready make the next failure the first again", async () => {
    connection.start();
    for (let round = 0; round < 4; round += 1) {
      network.last.end(1006);
      await waitForDial();
    }
    comeUp();
    await vi.advanceTimersByTimeAsync(10_000);
    network.last.end(1006);
    expect(await waitForDial()).toBe(350);
  });

  test("a socket that fails right after ready does not", async () => {
    connection.start();
    network.last.end(1006);
    await waitForDial();
    comeUp();
    network.last.end(1006);
    expect(await waitForDial()).toBe(600);
  });

  test("retry_after of the server comes on top", async () => {
    online();
    network.last.end(4100, '{"retry_after": 5}');
    expect(await waitForDial()).toBe(5_350);
  });

  test.each([4000, 4003, 4004, 4006, 4010, 1008])(
    "after %i it stops and says why",
    async (code) => {
      online();
      network.last.end(code, "because");
      expect(statuses.at(-1)).toEqual({ phase: "stopped", code, reason: "because" });
      await vi.advanceTimersByTimeAsync(120_000);
      expect(network.sockets).toHaveLength(1);
    },
  );

  test("after 1009 the message is dropped and the chat goes on", async () => {
    online();
    network.last.end(1009);
    await waitForDial();
    expect(tooBig).toBe(1);
    expect(network.sockets).toHaveLength(2);
  });
});

describe("credentials", () => {
  test("an expired token is renewed before the next socket", async () => {
    online();
    network.last.end(4300);
    await vi.advanceTimersByTimeAsync(0);
    expect(network.last.protocols[1]).toBe("chorus.bearer.token-1");
  });

  test("a token that is refused twice stops it", async () => {
    connection.start();
    network.last.end(4301);
    await vi.advanceTimersByTimeAsync(0);
    network.last.end(4301, "no");
    expect(refreshes).toBe(1);
    expect(statuses.at(-1)).toEqual({ phase: "stopped", code: 4301, reason: "no" });
  });

  test("a session that cannot be renewed stops it", async () => {
    online();
    refresh = async () => {
      throw new ChorusError(SIGNED_OUT, "over", 401);
    };
    network.last.end(4300);
    await vi.advanceTimersByTimeAsync(0);
    expect(statuses.at(-1)).toMatchObject({ phase: "stopped", code: 4301 });
  });

  test("a renewal that fails for now is tried again", async () => {
    online();
    const working = refresh;
    refresh = async () => {
      throw new ChorusError("UNREACHABLE", "no network");
    };
    network.last.end(4300);
    await vi.advanceTimersByTimeAsync(0);
    expect(statuses.at(-1)?.phase).toBe("waiting");
    refresh = working;
    await waitForDial();
    expect(network.sockets).toHaveLength(2);
  });
});

describe("drain", () => {
  const drain: ServerFrame = {
    event: "drain",
    data: { reason: "deploy", reconnect_in_ms: [1_000, 3_000], deadline_ms: 20_000 },
  };

  test("the next socket is ready before the old one is let go", async () => {
    online();
    const [old] = network.sockets;
    old?.say(drain);
    expect(await waitForDial()).toBe(2_000);
    expect(old?.closedByClient).toBeUndefined();
    old?.say(message(1));
    comeUp();
    expect(old?.closedByClient).toBe(1000);
    expect(frames.map((frame) => frame.seq)).toEqual([1]);
    expect(statuses.map((status) => status.phase)).toEqual(["connecting", "online", "online"]);
  });

  test("whatever the replaced socket still says or how it ends is ignored", async () => {
    online();
    const [old] = network.sockets;
    old?.say(drain);
    await waitForDial();
    comeUp();
    old?.say(message(9));
    old?.end(4007);
    expect(frames).toEqual([]);
    expect(connection.isOnline).toBe(true);
  });

  test("a next socket that fails leaves the old one in use and tries again", async () => {
    online();
    const [old] = network.sockets;
    old?.say(drain);
    await waitForDial();
    network.last.end(1006);
    expect(connection.isOnline).toBe(true);
    await waitForDial();
    comeUp();
    expect(old?.closedByClient).toBe(1000);
  });

  test("an old socket that ends first does not stop the switch", async () => {
    online();
    const [old] = network.sockets;
    old?.say(drain);
    await waitForDial();
    old?.end(4200);
    comeUp();
    expect(connection.isOnline).toBe(true);
    expect(network.sockets).toHaveLength(2);
  });
});

test("a stopped connection dials no more", async () => {
  online();
  network.last.end(1006);
  connection.stop();
  await vi.advanceTimersByTimeAsync(60_000);
  expect(network.sockets).toHaveLength(1);
});
