import { useQuery } from "@tanstack/react-query";
import { useSession } from "../../shared/live/session";

/** What the REST of knowledge takes and gives, and how a file becomes a source. */

export interface Pair {
  readonly question: string;
  readonly answer: string;
}

export interface Source {
  readonly id: string;
  readonly name: string;
  readonly kind: "qa" | "markdown" | "text";
  readonly language: string;
  readonly state: "queued" | "indexing" | "ready" | "failed";
  readonly note: string;
  readonly chunks: number;
  readonly heldBack: number;
  readonly sizeBytes: number;
  readonly updatedAt: string;
}

export interface WholeSource extends Source {
  readonly content: string | null;
  readonly pairs: readonly Pair[] | null;
}

/** What is typed of a source: its words, or its questions, by its kind. */
export interface SourceDraft {
  readonly name: string;
  readonly language: string;
  readonly kind: Source["kind"];
  readonly content: string;
  readonly pairs: readonly Pair[];
}

export const BLANK: SourceDraft = {
  name: "",
  language: "",
  kind: "qa",
  content: "",
  pairs: [{ question: "", answer: "" }],
};
export const CONTENT_MAX = 1_000_000;
export const KINDS = ["qa", "markdown", "text"] as const;

export function draftOf({ name, language, kind, content, pairs }: WholeSource): SourceDraft {
  return { name, language, kind, content: content ?? "", pairs: pairs ?? BLANK.pairs };
}

/** As REST takes it. Rows that were left empty are none. */
export function bodyOf({ name, language, kind, content, pairs }: SourceDraft) {
  const common = { name: name.trim(), language: language.trim() };
  if (kind !== "qa") return { ...common, format: kind, content };
  return { ...common, pairs: filled(pairs) };
}

export function isComplete({ name, kind, content, pairs }: SourceDraft): boolean {
  if (name.trim() === "") return false;
  if (kind !== "qa") return content.trim() !== "" && content.length <= CONTENT_MAX;
  const rows = filled(pairs);
  return rows.length > 0 && rows.every(({ question, answer }) => question !== "" && answer !== "");
}

function filled(pairs: readonly Pair[]): Pair[] {
  return pairs
    .map(({ question, answer }) => ({ question: question.trim(), answer: answer.trim() }))
    .filter(({ question, answer }) => question !== "" || answer !== "");
}

/** What a file says; null where it is no text, or JSON that is no list of questions. */
export function readSource(name: string, text: string): Partial<SourceDraft> | null {
  const title = name.replace(/\.[^.]+$/u, "");
  if (text.includes("\u0000") || text.includes("\ufffd") || text.trim() === "") return null;
  if (/\.json$/iu.test(name)) {
    const pairs = pairsIn(text);
    return pairs === null ? null : { name: title, kind: "qa", pairs };
  }
  const kind = /\.(?:md|markdown)$/iu.test(name) ? "markdown" : "text";
  return { name: title, kind, content: text };
}

function pairsIn(text: string): Pair[] | null {
  try {
    const rows: unknown = JSON.parse(text);
    return Array.isArray(rows) && rows.length > 0 && rows.every(isPair) ? rows.map(plain) : null;
  } catch {
    return null;
  }
}

function isPair(row: unknown): row is Pair {
  if (typeof row !== "object" || row === null) return false;
  const { question, answer } = row as Record<string, unknown>;
  return typeof question === "string" && typeof answer === "string";
}

function plain({ question, answer }: Pair): Pair {
  return { question, answer };
}

export const SOURCES = ["pages", "/admin/knowledge/sources"] as const;
export const SOURCE = ["knowledge-source"] as const;

export function isUnderWay({ state }: Pick<Source, "state">): boolean {
  return state === "queued" || state === "indexing";
}

const EVERY_MS = 3_000;

/** One with its words; read again by itself while it is indexed. */
export function useSource(id: string) {
  const { client } = useSession();
  return useQuery({
    queryKey: [...SOURCE, id],
    queryFn: () => client.request<WholeSource>(`/admin/knowledge/sources/${id}`),
    refetchInterval: ({ state: { data } }) => (data && isUnderWay(data) ? EVERY_MS : false),
  });
}
