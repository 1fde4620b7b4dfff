import { createHash } from "node:crypto";
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { build, type Plugin, type Rolldown } from "vite";

const at = (path: string) => fileURLToPath(new URL(path, import.meta.url));
const SRC = at("./src");
const LOCALES = at("./locales");
const OUT = at("../dist/pages/widget/v1");
const PARTS = {
  panel: `${SRC}/panel/main.tsx`,
  line: `${SRC}/line/main.ts`,
  thread: `${SRC}/thread/main.tsx`,
  tools: `${SRC}/tools/main.ts`,
  extras: `${SRC}/extras/main.ts`,
  stream: at("../sdk/src/event-stream.ts"),
};
const TARGET = {
  target: "es2022",
  cssTarget: ["chrome123", "firefox120", "safari17.5"],
  modulePreload: { polyfill: false },
} as const;

/** What several parts need is one file for all, but for what only the line and its stand-in share. */
const GROUPS = [
  {
    name: "kit",
    test: /preact|webchat|sdk.src.(?:catalogue|errors|session-key)/u,
    minShareCount: 2,
  },
  { name: "wire", test: /sdk/u, minShareCount: 2 },
];

/** By name: the SHA-256 of a file, then the names of what it imports. */
type Manifest = Record<string, string[]>;

/**
 * Build the embeddable widget beside the pages: parts whose names hold the SHA-256 of their
 * contents, so that a name is an integrity, and a loader that knows those names.
 */
export function widget(): Plugin {
  return { name: "widget", apply: "build", closeBundle: buildWidget };
}

async function buildWidget(): Promise<void> {
  mkdirSync(OUT, { recursive: true });
  const parts = await buildParts();
  const words = writeCatalogues();
  const loader = await buildLoader(parts, words);
  writeFileSync(`${OUT}/chorus.js`, loader);
  const file = fileOf("chorus", writeHashed("chorus", loader));
  const integrity = `sha384-${createHash("sha384").update(loader).digest("base64")}`;
  writeFileSync(`${OUT}/manifest.json`, JSON.stringify({ loader: file, integrity, words, parts }));
}

async function buildParts(): Promise<Manifest> {
  const { output } = await bundle({
    rolldownOptions: {
      input: PARTS,
      preserveEntrySignatures: "strict",
      output: {
        format: "es",
        entryFileNames: "[name].js",
        chunkFileNames: "[name].js",
        minify: true,
        codeSplitting: { groups: GROUPS },
      },
    },
  });
  const chunks = output.filter((it): it is Rolldown.OutputChunk => it.type === "chunk");
  const names = new Map<string, string>();
  const manifest: Manifest = {};
  while (names.size < chunks.length) {
    const ready = chunks.find(
      (it) => !names.has(it.fileName) && it.imports.every((one) => names.has(one)),
    );
    if (ready === undefined)
      throw new Error("the parts of the widget import each other in a circle");
    const hash = writeHashed(ready.name, renamed(ready, names));
    names.set(ready.fileName, fileOf(ready.name, hash));
    manifest[ready.name] = [hash, ...ready.imports.map((file) => file.replace(".js", ""))];
  }
  return manifest;
}

/** Text of a chunk that imports the others under their final names. */
function renamed(chunk: Rolldown.OutputChunk, names: ReadonlyMap<string, string>): string {
  return chunk.imports.reduce(
    (code, file) => code.replaceAll(`./${file}`, `./${names.get(file)}`),
    chunk.code,
  );
}

/** Copy the catalogues under one name for their state, and answer that. */
function writeCatalogues(): string {
  const files = readdirSync(LOCALES).sort();
  const texts = files.map((file) =>
    JSON.stringify(JSON.parse(readFileSync(`${LOCALES}/${file}`, "utf8"))),
  );
  const version = createHash("sha256").update(texts.join("\n")).digest("hex").slice(0, 8);
  for (const [at, file] of files.entries()) {
    writeFileSync(`${OUT}/${file.replace(".json", `.${version}.json`)}`, texts[at] ?? "");
  }
  return version;
}

async function buildLoader(manifest: Manifest, words: string): Promise<string> {
  const { output } = await bundle({
    rolldownOptions: {
      input: `${SRC}/loader/main.ts`,
      output: { format: "iife", minify: true },
    },
    define: { CHUNKS: JSON.stringify(manifest), WORDS_VERSION: JSON.stringify(words) },
  });
  return output[0].code;
}

interface Bundle {
  readonly rolldownOptions: Rolldown.RolldownOptions;
  readonly define?: Record<string, string>;
}

async function bundle({ rolldownOptions, define = {} }: Bundle): Promise<Rolldown.RolldownOutput> {
  const built = await build({
    configFile: false,
    logLevel: "warn",
    publicDir: false,
    resolve: { alias: { "preact/jsx-runtime": `${SRC}/panel/jsx-runtime.ts` } },
    define: { ...define, "process.env.NODE_ENV": '"production"' },
    build: { ...TARGET, write: false, rolldownOptions },
  });
  return built as Rolldown.RolldownOutput;
}

/** As the loader spells it, too. */
function fileOf(name: string, hash: string): string {
  return `${name}.${hash.replace(/\W/gu, "").slice(0, 12)}.js`;
}

function writeHashed(name: string, code: string): string {
  const hash = createHash("sha256").update(code).digest("base64");
  writeFileSync(`${OUT}/${fileOf(name, hash)}`, code);
  return hash;
}
