import { fileURLToPath } from "node:url";
import type { UserConfig } from "vite";

/**
 * How every workspace builds its pages: `<workspace>/pages/<page>/index.html` becomes
 * `dist/pages/<page>/index.html`, with hashed files under `/assets`. Nothing is inlined, so
 * a strict Content-Security-Policy holds.
 */
export function pages(workspace: string, names: readonly string[]): UserConfig {
  const at = (path: string) => fileURLToPath(new URL(path, import.meta.url));
  const root = at(`./${workspace}/pages`);
  return {
    root,
    base: "/",
    publicDir: false,
    build: {
      outDir: at("./dist/pages"),
      emptyOutDir: false,
      assetsDir: "assets",
      assetsInlineLimit: 0,
      modulePreload: { polyfill: false },
      target: "es2022",
      cssTarget: ["chrome123", "firefox120", "safari17.5"],
      rollupOptions: {
        input: Object.fromEntries(names.map((name) => [name, `${root}/${name}/index.html`])),
      },
    },
  };
}
