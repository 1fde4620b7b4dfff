import { defineConfig } from "vite";
import { pages } from "../vite.pages";

export default defineConfig(pages("webchat", ["demo"]));
