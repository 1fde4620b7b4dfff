import { defineConfig } from "vite";
import { pages } from "../vite.pages.ts";

export default defineConfig(pages("webchat-react", ["react-example"]));
