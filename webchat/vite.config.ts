import { defineConfig } from "vite";
import { pages } from "../vite.pages.ts";
import { widget } from "./vite.widget.ts";

// The pages first; the widget is built when they are, with the same command.
export default defineConfig({ ...pages("webchat", ["demo"]), plugins: [widget()] });
