/** What to paste into a page, and which policy lines it needs: as `chorus widget snippet` says it. */

export interface Pinned {
  readonly loader: string;
  readonly integrity: string;
}

const PREFIX = "/widget/v1/";

export function tagOf(base: string, key: string, pinned?: Pinned): string {
  const file = pinned?.loader ?? "chorus.js";
  const proof =
    pinned === undefined
      ? ""
      : ` integrity="${escapeHtml(pinned.integrity)}" crossorigin="anonymous"`;
  const source = escapeHtml(base + PREFIX + file);
  return `<script async src="${source}" data-key="${escapeHtml(key)}"${proof}></script>`;
}

export function policyLines(base: string): readonly string[] {
  const { protocol, host } = new URL(base);
  const socket = `${protocol === "https:" ? "wss" : "ws"}://${host}`;
  return [
    `script-src ${base}${PREFIX};`,
    `connect-src ${base} ${socket};`,
    `img-src ${base} blob:;`,
  ];
}

export type SiteVerdict = "fine" | "noAddress" | "notAllowed" | "mixed";

export interface SiteCheck {
  readonly verdict: SiteVerdict;
  /** The part of the address that counts; "" where it is none. */
  readonly origin: string;
}

/** Whether a page at this address may use an inbox, as the server judges it. */
export function checkSite(address: string, allowed: readonly string[], base: string): SiteCheck {
  const origin = originOf(address);
  if (origin === undefined) return { verdict: "noAddress", origin: "" };
  if (!allowed.some((one) => one === origin || isSameHost(origin, one))) {
    return { verdict: "notAllowed", origin };
  }
  // A page that came encrypted loads no script that did not; loopback counts as safe.
  const isMixed = origin.startsWith("https:") && base.startsWith("http:") && !isLoopback(base);
  return { verdict: isMixed ? "mixed" : "fine", origin };
}

export function originOf(address: string): string | undefined {
  const text = address.trim();
  const whole = /^[a-z]+:\/\//iu.test(text) ? text : `https://${text}`;
  try {
    const { protocol, origin, hostname } = new URL(whole);
    const isPage = (protocol === "https:" || protocol === "http:") && hostname !== "";
    return isPage && text !== "" ? origin : undefined;
  } catch {
    return undefined;
  }
}

function isSameHost(origin: string, pattern: string): boolean {
  if (!pattern.endsWith(":*")) return false;
  const { protocol, hostname } = new URL(origin);
  return `${protocol}//${hostname}` === pattern.slice(0, -2);
}

function isLoopback(base: string): boolean {
  const { hostname } = new URL(base);
  return hostname === "localhost" || hostname.endsWith(".localhost") || hostname === "127.0.0.1";
}

function escapeHtml(text: string): string {
  return text
    .replaceAll("&", "&amp;")
    .replaceAll("<", "&lt;")
    .replaceAll(">", "&gt;")
    .replaceAll('"', "&quot;");
}
