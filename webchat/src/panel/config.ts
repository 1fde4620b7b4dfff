import type { Events, Settings } from "../api";

/** What the inbox says on the server; the page's own settings win over it. */
export interface Config {
  readonly settings: Partial<Settings>;
  readonly availability: Events["availability"] | null;
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
    if (response.ok) return known((await response.json()) as Partial<Config>);
    return response.status < 500 && response.status !== 429
      ? { phase: "refused" }
      : { phase: "unreachable" };
  } catch {
    return { phase: "unreachable" };
  }
}

function known({ settings, availability }: Partial<Config>): ConfigState {
  return {
    phase: "known",
    config: { settings: settings ?? {}, availability: availability ?? null },
  };
}
