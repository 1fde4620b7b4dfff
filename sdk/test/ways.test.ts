import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { Connection, type ConnectionStatus } from "../src/connection";
import { fixedCredentials } from "../src/credentials";
import { UPGRADE_TRIES } from "../src/ways";
import { FakeNetwork } from "./support/fake-network";
import { CONV, ready } from "./support/frames";

let sockets: FakeNetwork;
let streams: FakeNetwork;
let statuses: ConnectionStatus[];
let connection: Connection;

beforeEach(() => {
  vi.useFakeTimers();
  [sockets, streams, statuses] = [new FakeNetwork(), new FakeNetwork(), []];
  connection = new Connection({
    url: `ws://host/ws/v1/conversations/${CONV}`,
    credentials: fixedCredentials("token"),
    session: "5e55",
    clientName: "test",
    resume: () => undefined,
    onStatus: (status) => statuses.push(status),
    onReady: () => undefined,
    onFrame: () => undefined,
    onTooBig: () => undefined,
    openWebSocket: sockets.open,
    openEventStream: streams.open,
    random: () => 0.5,
  });
});

afterEach(() => {
  connection.stop();
  vi.useRealTimers();
});

async function dialled(network: FakeNetwork, count: number): Promise<void> {
  for (let waited = 0; network.sockets.length < count && waited < 1_200; waited += 1) {
    await vi.advanceTimersByTimeAsync(100);
    // The server's comments: a stream that keeps silent counts as dead.
    streams.sockets.at(-1)?.sayText("");
  }
  expect(network.sockets).toHaveLength(count);
}

async function onStream(): Promise<void> {
  connection.start();
  for (let attempt = 1; attempt <= UPGRADE_TRIES; attempt += 1) {
    await dialled(sockets, attempt);
    sockets.last.end(1006);
  }
  await dialled(streams, 1);
  streams.last.greet();
  streams.last.say(ready(0));
}

test("three upgrades that get nowhere lead to the event stream", async () => {
  await onStream();
  expect(connection.isOnline).toBe(true);
  expect(connection.send({ event: "ping", data: { n: 7 } })).toBe(true);
  expect(streams.last.of("ping")).toHaveLength(1);
});

test("a socket that was greeted, or closed with a code of ours, is no blocked upgrade", async () => {
  connection.start();
  for (let attempt = 1; attempt <= UPGRADE_TRIES * 2; attempt += 1) {
    await dialled(sockets, attempt);
    if (attempt % 2 === 0) sockets.last.greet();
    sockets.last.end(attempt % 2 === 0 ? 1006 : 4100);
  }
  await dialled(sockets, UPGRADE_TRIES * 2 + 1);
  expect(streams.sockets).toHaveLength(0);
});

test("where the stream does not come up either, sockets are tried again", async () => {
  connection.start();
  for (let attempt = 1; attempt <= UPGRADE_TRIES; attempt += 1) {
    await dialled(sockets, attempt);
    sockets.last.end(1006);
  }
  await dialled(streams, 1);
  streams.last.greet();
  streams.last.end(1006);
  await dialled(sockets, UPGRADE_TRIES + 1);
});

test("an upgrade that works later takes over without a moment offline", async () => {
  await onStream();
  const told = statuses.length;
  await dialled(sockets, UPGRADE_TRIES + 1);
  expect(connection.isOnline).toBe(true);
  sockets.last.greet();
  sockets.last.say(ready(0));
  expect(streams.last.closedByClient).toBe(1000);
  expect(statuses.slice(told)).toEqual([{ phase: "online" }]);
});

test("an upgrade that fails again leaves the stream alone and is tried later", async () => {
  await onStream();
  await dialled(sockets, UPGRADE_TRIES + 1);
  sockets.last.end(1006);
  expect(connection.isOnline).toBe(true);
  await dialled(sockets, UPGRADE_TRIES + 2);
  expect(streams.sockets).toHaveLength(1);
  expect(streams.last.closedByClient).toBeUndefined();
});
