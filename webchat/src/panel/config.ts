import type { Events, Settings } from "../api";

/** What the inbox says on the server; the page's own settings win over it. */
export interface Config {
  readonly settings?: Partial<Settings>;
  /** What the bot that answers first is called; absent where there is none. */
  readonly bot?: string | null;
  readonly availability?: Events["availability"] | null;
  readonly files?: {
    readonly enabled: boolean;
    readonly maxBytes: number;
    readonly types: readonly string[];
  };
}

export type ConfigState =
  | { readonly phase: "asking" }
  | { readonly phase: "known"; readonly config: Config }
  /** No such inbox, a disabled one, or a page that may not use it. */
  | { readonly phase: "refused" }
  | { readonly phase: "unreachable" };

const TIMEOUT_MS = 10_000;

export async function askConfig(base: string, key: string): Promise<ConfigState> {
  const url = `${base}/widget/v1/config?key=${encodeURIComponent(key)}`;
  try {
    const response = await fetch(url, { signal: AbortSignal.timeout(TIMEOUT_MS) });
    if (response.ok) return { phase: "known", config: (await response.json()) as Config };
    if (response.status < 500 && response.status !== 429) return { phase: "refused" };
  } catch {
    // As for a server that answers so.
  }
  return { phase: "unreachable" };
}
