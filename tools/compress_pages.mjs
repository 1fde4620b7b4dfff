import { readdirSync, readFileSync, renameSync, statSync, utimesSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { gzipSync } from "node:zlib";

/**
 * After a build: put a compressed copy beside each text, for the edge to send as it is. A copy is as
 * old as its original, so that one that was left behind by a later build is known by its age.
 */
const ROOT = "dist/pages";
const TEXT = /\.(?:js|css|html|json|svg|txt|webmanifest)$/u;
const WORTH_BYTES = 1_024;

const files = readdirSync(ROOT, { recursive: true, withFileTypes: true })
  .filter((it) => it.isFile() && TEXT.test(it.name))
  .map((it) => join(it.parentPath, it.name));
for (const path of files) {
  const { size, atime, mtime } = statSync(path);
  if (size < WORTH_BYTES) continue;
  const copy = `${path}.gz`;
  if (statSync(copy, { throwIfNoEntry: false })?.mtime.getTime() === mtime.getTime()) continue;
  // Whole before it has its name: pages are served while they are built.
  const whole = `${copy}.new`;
  writeFileSync(whole, gzipSync(readFileSync(path), { level: 9 }));
  utimesSync(whole, atime, mtime);
  renameSync(whole, copy);
}
