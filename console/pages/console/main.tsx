import { AgentAuth, browserStorage } from "@chorus/sdk";
import { StrictMode } from "react";
import { createRoot } from "react-dom/client";
import { App } from "../../src/app/app";
import { applyAppearance } from "../../src/shared/settings/appearance";
import { WordsProvider } from "../../src/shared/words/words";

applyAppearance();
const mount = document.querySelector("#app");
if (mount === null) throw new Error("the page has no place for the console");
createRoot(mount).render(
  <StrictMode>
    <WordsProvider>
      <App auth={new AgentAuth("", browserStorage())} />
    </WordsProvider>
  </StrictMode>,
);
