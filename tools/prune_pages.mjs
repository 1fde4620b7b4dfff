import { readdirSync, rmSync, statSync } from "node:fs";
import { join } from "node:path";

/**
 * Before a build: delete what the last one had not written any more. What it wrote stays beside
 * the new files, since pages that are open, and loaders that are cached, still name it.
 */
const ROOT = "dist/pages";
const ONE_BUILD_MS = 10 * 60_000;

function filesIn(folder) {
  try {
    const entries = readdirSync(folder, { recursive: true, withFileTypes: true });
    return entries.filter((it) => it.isFile()).map((it) => join(it.parentPath, it.name));
  } catch (cause) {
    if (cause.code === "ENOENT") return [];
    throw cause;
  }
}

const files = filesIn(ROOT).map((path) => ({ path, writtenMs: statSync(path).mtimeMs }));
const lastMs = Math.max(...files.map(({ writtenMs }) => writtenMs));
for (const { path, writtenMs } of files) {
  if (writtenMs < lastMs - ONE_BUILD_MS) rmSync(path);
}
