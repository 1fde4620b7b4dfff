import { beforeEach, describe, expect, test } from "vitest";
import { type Session, SIGNED_OUT, StoredCredentials } from "../src/credentials";
import { ChorusError } from "../src/errors";
import { MemoryStorage } from "../src/surroundings";
import { FakeLocks } from "./support/fake-locks";

let storage: MemoryStorage;
let locks: FakeLocks;
let used: string[];

beforeEach(() => {
  [storage, locks, used] = [new MemoryStorage(), new FakeLocks(), []];
  tab().save(session(0));
});

function session(n: number): Session {
  return { token: `t${n}`, refreshToken: `r${n}`, expiresAt: "2026-11-20T09:30:00.000Z" };
}

/** A tab whose server gives out t1, t2, … and takes each refresh token once. */
function tab(refuse?: ChorusError, held = locks.asLockManager()): StoredCredentials<Session> {
  return new StoredCredentials<Session>({
    key: "s",
    storage,
    locks: held,
    renew: async ({ refreshToken }) => {
      if (refuse !== undefined) throw refuse;
      if (used.includes(refreshToken)) throw new ChorusError("REUSED", "revoked", 401);
      used.push(refreshToken);
      return session(used.length);
    },
  });
}

describe("a shared session", () => {
  test("two tabs that refresh at once use the refresh token once", async () => {
    const [first, second] = [tab(), tab()];
    expect(await Promise.all([first.refresh(), second.refresh()])).toEqual(["t1", "t1"]);
    expect(used).toEqual(["r0"]);
  });

  test("two callers of one tab do as well", async () => {
    const only = tab();
    expect(await Promise.all([only.refresh(), only.refresh()])).toEqual(["t1", "t1"]);
    expect(used).toEqual(["r0"]);
  });

  test("the next refresh uses the new refresh token", async () => {
    await tab().refresh();
    expect(await tab().refresh()).toBe("t2");
    expect(used).toEqual(["r0", "r1"]);
  });

  test("a browser that forbids locks refreshes without, and a refusal is no lock's", async () => {
    expect(await tab(undefined, FakeLocks.forbidden()).refresh()).toBe("t1");
    expect(used).toEqual(["r0"]);
    const denied = new ChorusError("UNREACHABLE", "no network");
    await expect(tab(denied, FakeLocks.forbidden()).refresh()).rejects.toBe(denied);
  });

  test("a refusal is final, an outage is not", async () => {
    const refused = tab(new ChorusError("REUSED", "revoked", 401));
    await expect(refused.refresh()).rejects.toMatchObject({ code: SIGNED_OUT });
    const outage = tab(new ChorusError("UNREACHABLE", "no network"));
    await expect(outage.refresh()).rejects.toMatchObject({ code: "UNREACHABLE" });
  });

  test("forgetting is forgetting in every tab", async () => {
    const [first, second] = [tab(), tab()];
    first.forget();
    expect(second.token()).toBeUndefined();
    await expect(second.refresh()).rejects.toMatchObject({ code: SIGNED_OUT });
  });

  test("a browser that blocks storage still has a session for this page", () => {
    const blocked = new StoredCredentials<Session>({
      key: "s",
      storage: {
        getItem: () => {
          throw new Error("blocked");
        },
        setItem: () => {
          throw new Error("blocked");
        },
        removeItem: () => {
          throw new Error("blocked");
        },
      },
      renew: async () => session(1),
    });
    blocked.save(session(5));
    expect(blocked.token()).toBe("t5");
  });

  test("a damaged entry is no session", () => {
    storage.setItem("s", "{oops");
    expect(tab().token()).toBeUndefined();
  });
});
