/** What is looked for, as it stands in the address. */

export const KINDS = ["messages", "conversations", "contacts"] as const;
export const ROLES = ["customer", "agent", "bot"] as const;
export const STATUSES = ["open", "snoozed", "closed"] as const;

export interface SearchParams {
  readonly q?: string | undefined;
  readonly kind?: (typeof KINDS)[number] | undefined;
  readonly role?: (typeof ROLES)[number] | undefined;
  /** Only what the team wrote to itself, or nothing of it. */
  readonly notes?: "only" | "none" | undefined;
  readonly status?: (typeof STATUSES)[number] | undefined;
  readonly since?: string | undefined;
  readonly until?: string | undefined;
  readonly tag?: string | undefined;
}

const DATE = /^\d{4}-\d{2}-\d{2}$/u;
const WORDS_MAX = 200;

/** Read what may be anything: what does not fit is left out. */
export function readSearchParams(search: Readonly<Record<string, unknown>>): SearchParams {
  const q = textOf(search.q)?.slice(0, WORDS_MAX);
  const tag = textOf(search.tag);
  const kind = oneOf(KINDS, search.kind);
  const role = oneOf(ROLES, search.role);
  const notes = oneOf(["only", "none"] as const, search.notes);
  const status = oneOf(STATUSES, search.status);
  const since = dayOf(search.since);
  const until = dayOf(search.until);
  return {
    ...(q === undefined ? {} : { q }),
    ...(kind === undefined || kind === "messages" ? {} : { kind }),
    ...(role === undefined ? {} : { role }),
    ...(notes === undefined ? {} : { notes }),
    ...(status === undefined ? {} : { status }),
    ...(since === undefined ? {} : { since }),
    ...(until === undefined ? {} : { until }),
    ...(tag === undefined ? {} : { tag }),
  };
}

/** The same as REST asks for it: days of here are moments, and filters only where they narrow. */
export function queryOf(params: SearchParams): Record<string, string | undefined> {
  const { q, kind = "messages", role, notes, status, since, until, tag } = params;
  if (kind === "contacts") return { q, kind };
  if (kind === "conversations") return { q, kind, status, tag };
  return {
    q,
    kind,
    status,
    tag,
    role,
    notes: notes === undefined ? undefined : String(notes === "only"),
    since: since && startOf(since, 0),
    until: until && startOf(until, 1),
  };
}

/** Midnight here at which a day begins, or the day after it. */
function startOf(day: string, later: number): string {
  const [year = 0, month = 1, date = 1] = day.split("-").map(Number);
  return new Date(year, month - 1, date + later).toISOString();
}

function textOf(value: unknown): string | undefined {
  const text = typeof value === "number" ? String(value) : value;
  return typeof text === "string" && text.trim() !== "" ? text : undefined;
}

function dayOf(value: unknown): string | undefined {
  return typeof value === "string" && DATE.test(value) && !Number.isNaN(Date.parse(value))
    ? value
    : undefined;
}

function oneOf<T extends string>(known: readonly T[], value: unknown): T | undefined {
  return known.find((one) => one === value);
}
