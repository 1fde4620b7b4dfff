import { useQuery } from "@tanstack/react-query";
import type { Listed } from "../../shared/api/shapes";
import { useSession } from "../../shared/live/session";

/** What the REST of bots takes and gives, and the table a bot decides by. */

export interface BotSettings {
  readonly policy?: Readonly<Record<string, number | string>>;
  readonly allowedHosts?: readonly string[];
  readonly translates?: boolean;
  readonly helpText?: Readonly<Record<string, string>>;
}

export interface Bot {
  readonly id: string;
  readonly name: string;
  readonly persona: string;
  readonly instructions: string;
  readonly mode: "answer" | "suggest";
  readonly enabled: boolean;
  readonly inboxIds: readonly string[];
  readonly settings: BotSettings;
}

export const WORKS = ["answer", "suggest", "off"] as const;
export type Works = (typeof WORKS)[number];

export function worksOf({ mode, enabled }: Pick<Bot, "mode" | "enabled">): Works {
  return enabled ? mode : "off";
}

/** Switched off, it keeps what it did before. */
export function workingAs(works: Works): Partial<Bot> {
  return works === "off" ? { enabled: false } : { enabled: true, mode: works };
}

const POINTS = { min: 0, max: 100, step: 1 } as const;
const TURNS = { min: 1, max: 100, step: 1 } as const;
const SHARE = { min: -1, max: 1, step: 0.05 } as const;

/** The rows of the table and what holds where nothing is set; docs/bot.md explains them. */
export const POLICY = [
  { key: "handoffAt", usual: 60, ...POINTS },
  { key: "offerAt", usual: 45, ...POINTS },
  { key: "confidentAt", usual: 0.45, ...SHARE },
  { key: "lowConfidence", usual: 30, ...POINTS },
  { key: "furtherUnresolved", usual: 15, ...POINTS },
  { key: "furtherUnresolvedMax", usual: 30, ...POINTS },
  { key: "clarificationsMax", usual: 1, ...TURNS },
  { key: "clarifiedInVain", usual: 35, ...POINTS },
  { key: "angryAt", usual: -0.5, ...SHARE },
  { key: "angry", usual: 50, ...POINTS },
  { key: "moodAt", usual: -0.35, ...SHARE },
  { key: "mood", usual: 25, ...POINTS },
  { key: "repeatAt", usual: 0.6, ...SHARE },
  { key: "repeat", usual: 35, ...POINTS },
  { key: "remediesAt", usual: 2, ...TURNS },
  { key: "remedies", usual: 40, ...POINTS },
  { key: "unresolvedAt", usual: 4, ...TURNS },
  { key: "unresolved", usual: 30, ...POINTS },
  { key: "turnsAt", usual: 12, ...TURNS },
  { key: "turns", usual: 60, ...POINTS },
  { key: "matter", usual: 45, ...POINTS },
  { key: "sensitive", usual: 20, ...POINTS },
  { key: "wordless", usual: 30, ...POINTS },
  { key: "degraded", usual: 20, ...POINTS },
  { key: "refusalLasts", usual: 3, ...TURNS },
] as const;

export type PolicyRow = (typeof POLICY)[number];

/** A setting with one thing otherwise; what is undefined is left out, so that the usual holds. */
export function withEntry<T>(
  all: Readonly<Record<string, T>> | undefined,
  key: string,
  value: T | undefined,
): Readonly<Record<string, T>> {
  const { [key]: _, ...rest } = all ?? {};
  return value === undefined ? rest : { ...rest, [key]: value };
}

/** A number as somebody typed it; undefined where nothing, or no number, stands there. */
export function numberIn(text: string, isWhole: boolean): number | undefined {
  const number = Number(text);
  if (text.trim() === "" || Number.isNaN(number)) return undefined;
  return isWhole ? Math.trunc(number) : number;
}

/** A refusal of settings, where it is about this part of them. */
export function refusalOf(part: string, problem: string | undefined): string | undefined {
  return problem !== undefined && new RegExp(`\\.${part}\\b`, "u").test(problem)
    ? problem
    : undefined;
}

export const BOTS = ["bots"] as const;

export function useBots() {
  const { client } = useSession();
  return useQuery({
    queryKey: [...BOTS, "list"],
    queryFn: async () => {
      const query = { limit: 200 };
      return (await client.request<Listed<Bot>>("/admin/bots", { query })).items;
    },
  });
}

export function useBot(id: string) {
  const { client } = useSession();
  return useQuery({
    queryKey: [...BOTS, id],
    queryFn: () => client.request<Bot>(`/admin/bots/${id}`),
  });
}
