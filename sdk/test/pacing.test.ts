import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { TYPING_EVERY_MS, TYPING_IDLE_MS, TypingPace } from "../src/pacing";

beforeEach(() => vi.useFakeTimers());
afterEach(() => vi.useRealTimers());

function pace() {
  const told: string[] = [];
  return { told, typing: new TypingPace((state) => told.push(state) > 0) };
}

test("a start that could not leave is told with the next key", () => {
  const told: string[] = [];
  let isOnline = false;
  const typing = new TypingPace((state) => isOnline && told.push(state) > 0);
  typing.typed();
  isOnline = true;
  typing.typed();
  expect(told).toEqual(["start"]);
});

test("someone who types on is told of again when the time has come", () => {
  const { told, typing } = pace();
  for (let elapsed = 0; elapsed <= TYPING_EVERY_MS; elapsed += 100) {
    typing.typed();
    vi.advanceTimersByTime(100);
  }
  expect(told).toEqual(["start", "start"]);
});

test("typing again soon after a message waits for its time and is not lost", () => {
  const { told, typing } = pace();
  typing.typed();
  typing.stop();
  typing.typed();
  expect(told).toEqual(["start", "stop"]);
  vi.advanceTimersByTime(TYPING_EVERY_MS);
  expect(told).toEqual(["start", "stop", "start"]);
});

test("what is withdrawn before its time is never told", () => {
  const { told, typing } = pace();
  typing.typed();
  typing.stop();
  typing.typed();
  typing.stop();
  vi.advanceTimersByTime(TYPING_EVERY_MS * 2);
  expect(told).toEqual(["start", "stop"]);
});

test("whoever stops typing is withdrawn", () => {
  const { told, typing } = pace();
  typing.typed();
  vi.advanceTimersByTime(TYPING_IDLE_MS);
  expect(told).toEqual(["start", "stop"]);
});
