import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { ChorusError } from "../src/errors";
import { LEADER_PATIENCE_MS, Tabs } from "../src/tabs";
import { FakeLocks } from "./support/fake-locks";

interface Acts {
  add(amount: number): Promise<number>;
  fail(): Promise<never>;
}

let locks: FakeLocks;
const open: Tab[] = [];

beforeEach(() => {
  locks = new FakeLocks();
});

afterEach(() => {
  for (const tab of open.splice(0)) tab.tabs.close();
  vi.useRealTimers();
});

/** One tab of the browser; `sum` is the state that the leading one owns. */
class Tab {
  readonly slices: unknown[] = [];
  readonly signals: unknown[] = [];
  readonly tabs: Tabs<Acts>;
  resigned = 0;
  sum = 0;

  constructor(
    readonly name: string,
    {
      isElectable = true,
      held = locks.asLockManager(),
      openChannel = (name: string) => new BroadcastChannel(name),
    } = {},
  ) {
    this.tabs = new Tabs<Acts>({
      name: "browser",
      lead: () => this.#lead(),
      resign: () => {
        this.resigned += 1;
      },
      onSlice: (_, value) => this.slices.push(value),
      onSignal: (_, payload) => this.signals.push(payload),
      locks: isElectable ? held : undefined,
      openChannel,
    });
    open.push(this);
    this.tabs.join();
  }

  #lead(): Acts {
    return {
      add: async (amount) => {
        this.sum += amount;
        this.tabs.publish("sum", `${this.name}:${this.sum}`);
        return this.sum;
      },
      fail: async () => {
        throw new ChorusError("NO", "not today");
      },
    };
  }
}

async function until(check: () => boolean): Promise<void> {
  await vi.waitFor(() => {
    if (!check()) throw new Error("not yet");
  });
}

describe("election", () => {
  test("the first tab leads and the others follow", () => {
    const [first, second] = [new Tab("a"), new Tab("b")];
    expect([first.tabs.isLeader, second.tabs.isLeader]).toEqual([true, false]);
  });

  test("where locks are forbidden each tab leads itself, until it closes", async () => {
    const [first, second] = [
      new Tab("a", { held: FakeLocks.forbidden() }),
      new Tab("b", { held: FakeLocks.forbidden() }),
    ];
    await until(() => first.tabs.isLeader && second.tabs.isLeader);
    first.tabs.close();
    expect([first.tabs.isLeader, second.tabs.isLeader]).toEqual([false, true]);
  });

  test("when the leader closes the next in line leads", async () => {
    const [first, second, third] = [new Tab("a"), new Tab("b"), new Tab("c")];
    first.tabs.close();
    await until(() => second.tabs.isLeader);
    expect(third.tabs.isLeader).toBe(false);
    second.tabs.close();
    await until(() => third.tabs.isLeader);
  });

  test("a tab that closes while it waits never leads", async () => {
    const [first, second, third] = [new Tab("a"), new Tab("b"), new Tab("c")];
    second.tabs.close();
    first.tabs.close();
    await until(() => third.tabs.isLeader);
    expect(second.tabs.isLeader).toBe(false);
  });

  test("without Web Locks every tab leads itself and hears nothing of the others", async () => {
    const [first, second] = [
      new Tab("a", { isElectable: false }),
      new Tab("b", { isElectable: false }),
    ];
    expect([first.tabs.isLeader, second.tabs.isLeader]).toEqual([true, true]);
    expect(await first.tabs.call("add", 1)).toBe(1);
    expect(await second.tabs.call("add", 5)).toBe(5);
    expect(second.slices).toEqual(["b:5"]);
  });
});

describe("acts", () => {
  test("called in a follower are done by the leader, and both see the state", async () => {
    const [first, second] = [new Tab("a"), new Tab("b")];
    expect(await second.tabs.call("add", 2)).toBe(2);
    expect(await first.tabs.call("add", 3)).toBe(5);
    await until(() => second.slices.includes("a:5"));
    expect(second.sum).toBe(0);
  });

  test("a refusal of the leader arrives as what it was", async () => {
    const [, second] = [new Tab("a"), new Tab("b")];
    await expect(second.tabs.call("fail")).rejects.toMatchObject({
      code: "NO",
      message: "not today",
    });
  });

  test("a tab that joins late hears the whole state", async () => {
    const first = new Tab("a");
    await first.tabs.call("add", 7);
    const late = new Tab("b");
    await until(() => late.slices.includes("a:7"));
  });

  test("a signal is heard once in every tab", async () => {
    const [first, second] = [new Tab("a"), new Tab("b")];
    first.tabs.signal("message", "hi");
    await until(() => second.signals.length > 0);
    expect([first.signals, second.signals]).toEqual([["hi"], ["hi"]]);
  });

  test("a call whose leader closed without an answer is made to the next", async () => {
    const [first, second, third] = [new Tab("a"), new Tab("b"), new Tab("c")];
    first.tabs.close();
    const answer = third.tabs.call("add", 4);
    await until(() => second.tabs.isLeader);
    expect(await answer).toBe(4);
    expect(second.sum).toBe(4);
  });
});

test("a leader that does not answer any more loses its place to a tab that needs it", async () => {
  const frozen = new Tab("a", { openChannel: deafChannel });
  const alive = new Tab("b");
  vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout"] });
  const answer = alive.tabs.call("add", 9);
  await vi.advanceTimersByTimeAsync(LEADER_PATIENCE_MS);
  expect(await answer).toBe(9);
  expect(alive.tabs.isLeader).toBe(true);
  expect(frozen.resigned).toBe(1);
});

/** A frozen page still holds its lock and reads nothing. */
function deafChannel(name: string): BroadcastChannel {
  return Object.defineProperty(new BroadcastChannel(name), "onmessage", { set: () => undefined });
}
