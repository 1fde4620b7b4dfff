import { describe, expect, test } from "vitest";
import { Bus } from "../src/loader/bus";
import { scopeOf, tokenOf } from "../src/loader/identity";

function token(claims: unknown): string {
  return `x.${Buffer.from(JSON.stringify(claims)).toString("base64url")}.y`;
}

describe("whose part of the storage it is", () => {
  test("is of the subject alone, so a new token of the same person changes nothing", () => {
    expect(scopeOf(token({ sub: "nora", exp: 1 }))).toBe(scopeOf(token({ sub: "nora", exp: 2 })));
    expect(scopeOf(token({ sub: "nora" }))).not.toBe(scopeOf(token({ sub: "omar" })));
  });

  test("never mixes with another's, whatever a subject is made of", () => {
    const scopes = ["a:session", "a", "", "a%3Asession", "?"].map((sub) => scopeOf(token({ sub })));
    for (const scope of scopes) expect(scope).not.toContain(":");
    expect(new Set(scopes).size).toBe(scopes.length);
  });

  test("is nobody's without a token, and a stranger's with one that cannot be read", () => {
    expect(scopeOf(undefined)).toBe("");
    for (const broken of ["", "x", "x.y.z", "..", token(null)]) expect(scopeOf(broken)).toBe("?");
  });

  test("comes from a token or from who fetches one", async () => {
    expect(await tokenOf({ token: async () => "t" })).toBe("t");
    expect(await tokenOf({ token: "t" })).toBe("t");
    expect(await tokenOf(undefined)).toBeUndefined();
  });
});

describe("the listeners of a page", () => {
  test("hear in order what they listen to, with its version, until they stop", () => {
    const bus = new Bus();
    const heard: unknown[] = [];
    const forget = bus.on("unread", (count, { event, version }) => {
      heard.push([count, event, version]);
    });
    bus.once("unread", (count) => void heard.push(count));
    bus.emit("unread", 1);
    bus.emit("unread", 2);
    forget();
    bus.emit("unread", 3);
    expect(heard).toEqual([[1, "unread", 1], 1, [2, "unread", 1]]);
  });

  test("answer before something is sent", () => {
    const bus = new Bus();
    bus.on("before:send", ({ text }) => text !== "no");
    bus.on("before:send", () => ({ page: "cart" }));
    expect(bus.emit("before:send", { text: "no" })).toEqual([false, { page: "cart" }]);
  });
});
