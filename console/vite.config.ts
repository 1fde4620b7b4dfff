import tailwind from "@tailwindcss/vite";
import { defineConfig } from "vite";
import { pages } from "../vite.pages.ts";

const page = pages("console", ["console", "console/preview"]);

export default defineConfig({
  ...page,
  plugins: [tailwind()],
  build: {
    ...page.build,
    // `tools/sizes.py` reads from it what each lazy page brings along.
    manifest: "console/manifest.json",
    rollupOptions: {
      ...page.build?.rollupOptions,
      onwarn: (warning, warn) => {
        // "use client" speaks to servers that render React; there is none here.
        if (warning.code !== "MODULE_LEVEL_DIRECTIVE") warn(warning);
      },
    },
  },
});
