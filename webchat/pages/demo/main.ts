import { mountChat } from "../../src/loader";
import type { Theme } from "../../src/settings";

interface DemoFacts {
  readonly inboxKey: string;
}

const RETRY_MS = 2_000;
const THEME_KEY = "shop:theme";

/** The demo page learns its inbox from the server; a real page has the key in its snippet. */
async function readFacts(): Promise<DemoFacts> {
  for (;;) {
    try {
      const response = await fetch("/dev/demo.json", { signal: AbortSignal.timeout(5_000) });
      if (response.ok) return (await response.json()) as DemoFacts;
    } catch {
      // The server is starting; the page is of use already.
    }
    await new Promise((resolve) => setTimeout(resolve, RETRY_MS));
  }
}

function startTheme(apply: (theme: Theme) => void): void {
  const button = document.querySelector<HTMLButtonElement>("#theme");
  const prefersDark = matchMedia("(prefers-color-scheme: dark)").matches;
  let isDark = (localStorage.getItem(THEME_KEY) ?? (prefersDark ? "dark" : "light")) === "dark";
  const show = () => {
    document.documentElement.dataset.theme = isDark ? "dark" : "light";
    button?.setAttribute("aria-pressed", String(isDark));
    apply(isDark ? "dark" : "light");
  };
  button?.addEventListener("click", () => {
    isDark = !isDark;
    localStorage.setItem(THEME_KEY, isDark ? "dark" : "light");
    show();
  });
  show();
}

let setChatTheme: (theme: Theme) => void = () => undefined;
let theme: Theme = "auto";
startTheme((chosen) => {
  theme = chosen;
  setChatTheme(chosen);
});

const { inboxKey } = await readFacts();
const chat = mountChat({ inboxKey, theme });
setChatTheme = chat.setTheme;
document.querySelector("#ask")?.addEventListener("click", () => chat.open());
