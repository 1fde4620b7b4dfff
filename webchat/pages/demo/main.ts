import type { Chorus, Settings, User } from "../../src/api";
import { ARABIC } from "./arabic";
import { BackEnd } from "./back-end";
import { FramesPane, part } from "./frames-pane";
import { isOn, type Switch, switched, wantsDark } from "./switches";
import { tapNetwork } from "./wire-tap";

type Early = { q?: unknown[][] };

const WIDE = "(min-width: 1180px)";

const backEnd = new BackEnd(fetch);
const pane = new FramesPane(part(document, "#backstage"));
const tap = tapNetwork((passage) => pane.show(passage));
const address = () => new URL(location.href);
const told = part(document, "#told");

/** As the snippet with a queue says it: what is called before the loader is here waits for it. */
const chorus = ((...call: unknown[]) => {
  const page = window as unknown as { Chorus?: ((...call: unknown[]) => unknown) & Early };
  page.Chorus ??= Object.assign((...early: unknown[]) => page.Chorus?.q?.push(early), { q: [] });
  return page.Chorus(...call);
}) as Chorus;

const english = new Map<Element, string>();

function speak(arabic: boolean): void {
  const root = document.documentElement;
  root.lang = arabic ? "ar" : "en";
  root.dir = arabic ? "rtl" : "ltr";
  for (const one of document.querySelectorAll<HTMLElement>("[data-t]")) {
    if (!english.has(one)) english.set(one, one.textContent ?? "");
    const own = english.get(one) ?? "";
    one.textContent = arabic ? (ARABIC[one.dataset.t ?? ""] ?? own) : own;
  }
}

function shine(dark: boolean): void {
  document.documentElement.dataset.theme = dark ? "dark" : "light";
}

function say(sentence: string): void {
  told.textContent = sentence;
}

/** A token lives for minutes, so the widget asks for one whenever it needs it. */
async function nora(): Promise<User> {
  const { name, email } = await backEnd.customer();
  return { name, email, token: async () => (await backEnd.customer()).token };
}

async function settings(key: string): Promise<Settings> {
  const here = address();
  const rtl = isOn("rtl", here);
  return {
    key,
    theme: document.documentElement.dataset.theme === "dark" ? "dark" : "light",
    locale: rtl ? "ar" : "en",
    dir: rtl ? "rtl" : "ltr",
    ...(isOn("user", here) ? { user: await nora() } : {}),
  };
}

const effects: Readonly<Record<Switch, (on: boolean, key: string) => Promise<void> | void>> = {
  user: async (on) => {
    await chorus("identify", on ? await nora() : {});
    say(on ? "Nora is signed in. Her chat follows her to every device." : "Nobody is signed in.");
  },
  hours: async (on, key) => {
    await backEnd.setClosed(on, key);
    location.reload();
  },
  slow: (on) => {
    tap.setSlow(on);
    say(on ? "From now on the network is slow." : "The network is as it was.");
  },
  rtl: (on) => {
    speak(on);
    void chorus("update", { locale: on ? "ar" : "en", dir: on ? "rtl" : "ltr" });
  },
  dark: (on) => {
    shine(on);
    void chorus("setTheme", on ? "dark" : "light");
  },
  bot: () => location.reload(),
  csp: () => location.reload(),
};

async function flip(box: HTMLInputElement, key: string): Promise<void> {
  const name = box.name as Switch;
  const on = box.checked;
  if (name !== "hours") {
    const next = switched(name, on, address());
    // A system that is dark needs to be told of the light.
    if (name === "dark" && !on) next.searchParams.set("theme", "light");
    history.replaceState(null, "", next);
  }
  try {
    await effects[name](on, key);
  } catch (cause) {
    box.checked = !on;
    if (name !== "hours") history.replaceState(null, "", switched(name, !on, address()));
    say(`That did not work: ${cause instanceof Error ? cause.message : String(cause)}`);
  }
}

function startSwitches(key: string, closed: boolean): void {
  const switches = part<HTMLFieldSetElement>(document, "#switches");
  const dark = document.documentElement.dataset.theme === "dark";
  for (const box of switches.querySelectorAll("input")) {
    const name = box.name as Switch;
    box.checked = name === "hours" ? closed : name === "dark" ? dark : isOn(name, address());
    box.addEventListener("change", () => void flip(box, key));
  }
  part(document, "#cut").addEventListener("click", () => {
    const cut = tap.cut();
    say(cut > 0 ? "The socket is cut. Watch it come back." : "No socket is open on this page yet.");
  });
  switches.disabled = false;
}

function startCurtain(): void {
  const curtain = part(document, "#curtain");
  const backstage = part(document, "#backstage");
  const show = (open: boolean) => {
    backstage.hidden = !open;
    curtain.setAttribute("aria-expanded", String(open));
  };
  curtain.addEventListener("click", () => show(backstage.hidden !== false));
  show(matchMedia(WIDE).matches);
}

function startShop(): void {
  const basket = part(document, "#basket");
  const chosen: string[] = [];
  for (const button of document.querySelectorAll<HTMLElement>("[data-add]")) {
    button.addEventListener("click", () => {
      chosen.push(button.dataset.add ?? "");
      basket.textContent = String(chosen.length);
      void chorus("update", { attributes: { basket: chosen.join(", ").slice(0, 255) } });
    });
  }
  part(document, "#ask").addEventListener("click", () => void chorus("open"));
}

function watchPolicy(): void {
  const line = part(document, "#policy");
  if (!isOn("csp", address())) return;
  let broken = 0;
  const show = () => {
    const times = broken === 0 ? "nothing broke it yet" : `broken ${broken} times`;
    line.textContent = `The strict policy is in force; ${times}.`;
    line.dataset.broken = String(broken);
    line.hidden = false;
  };
  document.addEventListener("securitypolicyviolation", (event) => {
    broken += 1;
    show();
    say(`The policy forbade ${event.effectiveDirective} ${event.blockedURI}`);
  });
  show();
}

/** Only one tab of a browser holds the socket, and only there are frames to be seen. */
function watchOtherTabs(): void {
  void chorus("on", "connection", (phase) => {
    if (phase === "online" && tap.sockets === 0) {
      say("Another tab of this shop holds the socket, and shows its frames.");
    }
  });
}

watchPolicy();
speak(isOn("rtl", address()));
shine(wantsDark(address(), matchMedia("(prefers-color-scheme: dark)").matches));
tap.setSlow(isOn("slow", address()));
startCurtain();
startShop();
watchOtherTabs();
const { inboxKey, botInboxKey, closed } = await backEnd.facts();
const key = (isOn("bot", address()) && botInboxKey) || inboxKey;
startSwitches(key, closed);
if (botInboxKey === null) part(document, "#bot").remove();
await chorus("boot", await settings(key));
