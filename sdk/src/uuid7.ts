let lastMs = 0;
let counter = 0;

/**
 * Make a UUIDv7 whose text sorts after every earlier one of this page, also within one
 * millisecond and when the clock steps back. Works without a secure context.
 */
export function uuid7(nowMs: number = Date.now()): string {
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  if (nowMs > lastMs) {
    lastMs = nowMs;
    counter = ((bytes[6] ?? 0) & 0x07) * 256 + (bytes[7] ?? 0);
  } else {
    counter += 1;
    if (counter > 0xfff) {
      lastMs += 1;
      counter = 0;
    }
  }
  stamp(bytes, lastMs, counter);
  return format(bytes);
}

/**
 * The UUIDv7 of a moment and eight bytes that nobody else has drawn: the same ones from the same
 * two, so that whoever repeats what they name uses one id.
 */
export function uuid7Of(ms: number, drawn: Uint8Array): string {
  const bytes = new Uint8Array(16);
  bytes.set(drawn, 8);
  stamp(bytes, ms, 0);
  return format(bytes);
}

/** Make a random UUIDv4: `crypto.randomUUID` exists in secure contexts only. */
export function uuid4(): string {
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  bytes[6] = ((bytes[6] ?? 0) & 0x0f) | 0x40;
  bytes[8] = ((bytes[8] ?? 0) & 0x3f) | 0x80;
  return format(bytes);
}

function stamp(bytes: Uint8Array, ms: number, count: number): void {
  for (let at = 0; at < 6; at += 1) {
    bytes[at] = Math.floor(ms / 2 ** (8 * (5 - at))) & 0xff;
  }
  bytes[6] = 0x70 | (count >> 8);
  bytes[7] = count & 0xff;
  bytes[8] = ((bytes[8] ?? 0) & 0x3f) | 0x80;
}

function format(bytes: Uint8Array): string {
  // Not by `Array.from`: Prototype.js, still found on shops, has its own, which maps nothing.
  const hex = [...bytes].map((byte) => byte.toString(16).padStart(2, "0")).join("");
  return [
    hex.slice(0, 8),
    hex.slice(8, 12),
    hex.slice(12, 16),
    hex.slice(16, 20),
    hex.slice(20),
  ].join("-");
}
