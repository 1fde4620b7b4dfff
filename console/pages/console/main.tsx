import { AgentAuth, browserStorage } from "@chorus/sdk";
import { StrictMode } from "react";
import { createRoot } from "react-dom/client";
import { App } from "../../src/app";
import { applyTheme, rememberedTheme } from "../../src/theme";

applyTheme(rememberedTheme());
const mount = document.querySelector("#app");
if (mount === null) throw new Error("the page has no place for the console");
createRoot(mount).render(
  <StrictMode>
    <App auth={new AgentAuth("", browserStorage())} />
  </StrictMode>,
);
