import { CLOSE } from "./close";
import type { NackCode } from "./wire.gen";

export type { NackCode };

export type Reconnect =
  | { readonly kind: "stop" }
  | { readonly kind: "backoff"; readonly factor: 1 | 2; readonly afterMs: number }
  | { readonly kind: "spread"; readonly windowMs: readonly [number, number] }
  | { readonly kind: "refresh" }
  | { readonly kind: "drop-message" };

const DEFAULT_SPREAD_MS: readonly [number, number] = [0, 5_000];
const STOPS: ReadonlySet<number> = new Set([1000, 1003, 1007, 1008]);

/** Map a close to the client's next step (PROTOCOL §5). Unknown codes back off. */
export function reconnectPolicy(code: number, reason = ""): Reconnect {
  const facts = parseReason(reason);
  if (code >= 4000 && code <= 4099) return { kind: "stop" };
  if (code >= 4200 && code <= 4299) return { kind: "spread", windowMs: facts.windowMs };
  if (code >= 4300 && code <= 4399) return { kind: "refresh" };
  if (STOPS.has(code)) return { kind: "stop" };
  if (code === CLOSE.tooBig) return { kind: "drop-message" };
  return { kind: "backoff", factor: code === CLOSE.tryLater ? 2 : 1, afterMs: facts.afterMs };
}

interface ReasonFacts {
  afterMs: number;
  windowMs: readonly [number, number];
}

function parseReason(reason: string): ReasonFacts {
  const json = parseObject(reason);
  const window = json.reconnect_in_ms;
  return {
    afterMs: positive(json.retry_after_ms) || positive(json.retry_after) * 1_000,
    windowMs: isWindow(window) ? window : DEFAULT_SPREAD_MS,
  };
}

function parseObject(text: string): Record<string, unknown> {
  if (!text.startsWith("{")) return {};
  try {
    return JSON.parse(text) as Record<string, unknown>;
  } catch {
    return {};
  }
}

function positive(value: unknown): number {
  return typeof value === "number" && value > 0 && Number.isFinite(value) ? value : 0;
}

function isWindow(value: unknown): value is readonly [number, number] {
  return Array.isArray(value) && value.length === 2 && value.every((it) => typeof it === "number");
}
