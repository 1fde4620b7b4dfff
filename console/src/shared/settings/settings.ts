import { create } from "zustand";
import type { Locale } from "../words/locale";

export type Theme = "system" | "light" | "dark";
export type Density = "comfortable" | "compact";

/** What an agent chose on this browser. */
export interface Settings {
  readonly theme: Theme;
  readonly density: Density;
  readonly locale: Locale | null;
  readonly sound: boolean;
  /** Also when this page is in front: agents miss chats otherwise. */
  readonly soundInFront: boolean;
  readonly notifications: boolean;
  readonly enterSends: boolean;
  readonly singleKeys: boolean;
  /** Own keys by action. */
  readonly keys: Readonly<Record<string, string>>;
  readonly listHidden: boolean;
  readonly contextHidden: boolean;
  readonly contextTab: string;
  readonly lastView: string;
}

const DEFAULTS: Settings = {
  theme: "system",
  density: "comfortable",
  locale: null,
  sound: true,
  soundInFront: true,
  notifications: false,
  enterSends: true,
  singleKeys: true,
  keys: {},
  listHidden: false,
  contextHidden: false,
  contextTab: "summary",
  lastView: "all",
};
const KEY = "chorus:console:settings";

interface SettingsStore extends Settings {
  set(part: Partial<Settings>): void;
}

export const useSettings = create<SettingsStore>((set) => ({
  ...DEFAULTS,
  ...remembered(),
  set: (part) =>
    set((before) => {
      remember({ ...before, ...part });
      return part;
    }),
}));

function remembered(): Partial<Settings> {
  try {
    return JSON.parse(localStorage.getItem(KEY) ?? "{}") as Partial<Settings>;
  } catch {
    // Blocked or broken storage: the defaults hold for this page.
    return {};
  }
}

function remember({ set: _, ...settings }: SettingsStore): void {
  try {
    localStorage.setItem(KEY, JSON.stringify(settings));
  } catch {
    // It holds for this page at least.
  }
}
