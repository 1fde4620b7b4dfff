import { defineConfig } from "vite";
import { pages } from "../vite.pages.ts";

export default defineConfig(pages("sdk", ["sdk-example", "docs"]));
