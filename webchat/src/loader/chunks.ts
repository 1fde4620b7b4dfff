import type { Modules } from "../modules";

/**
 * By name of a part: the SHA-256 of its file, which the name of that file begins to spell, then
 * the names of what it imports. Written into the loader by the build.
 */
declare const CHUNKS: Readonly<Record<string, readonly [hash: string, ...imports: string[]]>>;

/** Names one state of all catalogues; they are words and no code, so nothing more is needed. */
declare const WORDS_VERSION: string;

// Once: the build puts the whole table wherever the name stands.
const PARTS = CHUNKS;
const PATIENCE_MS = 20_000;

export type Load = <N extends keyof Modules>(name: N) => Promise<Modules[N]>;

/** Fetch parts of the widget when they are needed, and run none that was changed on the way. */
export function chunkLoader(base: string, nonce: () => string | undefined): Load {
  const known = new Map<string, Promise<unknown>>();
  const fetchPart = async (name: string): Promise<unknown> => {
    await Promise.all(partsOf(name).map((part) => verify(base, part, nonce())));
    return import(/* @vite-ignore */ base + fileOf(name));
  };
  return (name) => {
    const part = known.get(name) ?? fetchPart(name);
    known.set(name, part);
    // A failure may be a network that is away: the next who asks tries again.
    part.catch(() => known.delete(name));
    return part as Promise<never>;
  };
}

/** Fetch the words of a language. */
export async function fetchWords(base: string, locale: string): Promise<Record<string, string>> {
  return (await get(`${base}${locale}.${WORDS_VERSION}.json`)).json();
}

async function get(url: string): Promise<Response> {
  const answer = await fetch(url, { signal: AbortSignal.timeout(PATIENCE_MS) });
  if (!answer.ok) throw answer;
  return answer;
}

function partsOf(name: string): string[] {
  const [, ...imports] = PARTS[name] ?? [];
  return [name, ...imports.flatMap(partsOf)];
}

function fileOf(name: string): string {
  return `${name}.${PARTS[name]?.[0].replace(/\W/gu, "").slice(0, 12)}.js`;
}

/**
 * The browser checks a preloaded module against its integrity, and `import()` takes that one.
 *
 * Some browsers remember for as long as the page lives that a module did not come. So it is only
 * asked for as one once it has come.
 */
async function verify(base: string, name: string, nonce: string | undefined): Promise<void> {
  const link = document.createElement("link");
  const url = base + fileOf(name);
  await get(url);
  if (!link.relList.supports("modulepreload")) return;
  link.rel = "modulepreload";
  link.integrity = `sha256-${PARTS[name]?.[0]}`;
  link.crossOrigin = "";
  link.nonce = nonce ?? "";
  await new Promise((resolve, reject) => {
    setTimeout(reject, PATIENCE_MS);
    link.onload = resolve;
    link.onerror = reject;
    link.href = url;
    document.head.append(link);
  }).finally(() => link.remove());
}
