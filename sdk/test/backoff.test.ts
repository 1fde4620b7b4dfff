import { describe, expect, test } from "vitest";
import { backoffMs, ceilingMs, spreadMs } from "../src/backoff";
import { reconnectPolicy } from "../src/codes";
import { CLOSE_CODES } from "../src/wire.gen";
import { below, seeded } from "./support/random";

describe("back-off", () => {
  test("lies between 100 ms and min(20 s, 0.5 s · 2ⁿ) + 100 ms for every attempt", () => {
    const random = seeded(1);
    for (let round = 0; round < 2_000; round += 1) {
      const attempt = below(60, random);
      const wait = backoffMs(attempt, random);
      expect(wait).toBeGreaterThanOrEqual(100);
      expect(wait).toBeLessThan(Math.min(20_000, 500 * 2 ** attempt) + 100);
    }
  });

  test("uses the whole range, so a fleet does not come back together", () => {
    const random = seeded(2);
    const waits = Array.from({ length: 500 }, () => backoffMs(4, random));
    expect(Math.min(...waits)).toBeLessThan(1_000);
    expect(Math.max(...waits)).toBeGreaterThan(7_000);
  });

  test("doubles and then stays", () => {
    expect([0, 1, 2, 5, 6, 60].map((attempt) => ceilingMs(attempt))).toEqual([
      500, 1_000, 2_000, 16_000, 20_000, 20_000,
    ]);
  });

  test("keeps to the window of a drain", () => {
    expect(spreadMs([1_000, 3_000], () => 0)).toBe(1_000);
    expect(spreadMs([1_000, 3_000], () => 0.5)).toBe(2_000);
  });
});

describe("close codes", () => {
  const kinds = {
    stop: "stop",
    backoff: "backoff",
    spread: "spread",
    refresh: "refresh",
    "backoff-double": "backoff",
    "drop-message": "drop-message",
  } as const;

  test.each(Object.entries(CLOSE_CODES))("%s is answered as the server means it", (code, rule) => {
    expect(reconnectPolicy(Number(code)).kind).toBe(kinds[rule.reconnect]);
  });

  test("the range decides for a code nobody knows yet", () => {
    expect([4042, 4142, 4242, 4342].map((code) => reconnectPolicy(code).kind)).toEqual([
      "stop",
      "backoff",
      "spread",
      "refresh",
    ]);
  });

  test.each([
    [1001, 1],
    [1006, 1],
    [1011, 1],
    [1012, 1],
    [1013, 2],
  ] as const)("%i backs off by factor %i", (code, factor) => {
    expect(reconnectPolicy(code)).toEqual({ kind: "backoff", factor, afterMs: 0 });
  });

  test("what the reason asks for is honoured, and nonsense in it ignored", () => {
    expect(reconnectPolicy(4100, '{"retry_after": 3}')).toMatchObject({ afterMs: 3_000 });
    expect(reconnectPolicy(4100, '{"retry_after_ms": 250}')).toMatchObject({ afterMs: 250 });
    expect(reconnectPolicy(4100, '{"retry_after": "soon"')).toMatchObject({ afterMs: 0 });
    expect(reconnectPolicy(4200, '{"reconnect_in_ms": [5, 9]}')).toEqual({
      kind: "spread",
      windowMs: [5, 9],
    });
  });
});
