/** What a key can do. Features answer to them by name; the page joins them to keys. */
export type Action =
  | "palette"
  | "search"
  | "next"
  | "previous"
  | "reply"
  | "note"
  | "takeNext"
  | "accept"
  | "decline"
  | "take"
  | "transfer"
  | "resolve"
  | "resolveNext"
  | "snooze"
  | "labels"
  | "priority"
  | "unread"
  | "summary"
  | "suggest"
  | "suggest1"
  | "suggest2"
  | "suggest3"
  | "goQueue"
  | "goMine"
  | "goAll"
  | "goBot"
  | "goSnoozed"
  | "goReports"
  | "toggleList"
  | "toggleContext"
  | "cheatSheet"
  | "leave";

/** A stroke: `j`, `Shift+E`, `Mod+k`; two of them with a space between are one after the other. */
export type Stroke = string;

/** UX §3.3, and keys for the oldest offer. `Mod` is ⌘ on a Mac, Ctrl elsewhere. */
export const KEYS: Readonly<Record<Action, Stroke>> = {
  palette: "Mod+k",
  search: "/",
  next: "j",
  previous: "k",
  reply: "r",
  note: "n",
  takeNext: "c",
  accept: "y",
  decline: "Shift+Y",
  take: "a",
  transfer: "t",
  resolve: "e",
  resolveNext: "Shift+E",
  snooze: "z",
  labels: "l",
  priority: "p",
  unread: "u",
  summary: "s",
  suggest: "i",
  suggest1: "1",
  suggest2: "2",
  suggest3: "3",
  goQueue: "g q",
  goMine: "g m",
  goAll: "g a",
  goBot: "g b",
  goSnoozed: "g s",
  goReports: "g r",
  toggleList: "[",
  toggleContext: "]",
  cheatSheet: "?",
  leave: "Escape",
};

/** A second key for the same; `Enter` replies where nothing is focused. */
const ALSO: Readonly<Partial<Record<Stroke, Action>>> = { Enter: "reply" };
export const ACTIONS = Object.keys(KEYS) as readonly Action[];

export interface KeyLike {
  readonly key: string;
  readonly ctrlKey: boolean;
  readonly metaKey: boolean;
  readonly altKey: boolean;
  readonly shiftKey: boolean;
}

export interface Surroundings {
  readonly keys: Readonly<Partial<Record<Action, Stroke>>>;
  readonly singleKeys: boolean;
  /** True while a text field has the focus. */
  readonly isWriting: boolean;
  /** True while a button or a link has it: `Enter` is theirs. */
  readonly isOnControl: boolean;
}

export interface Step {
  readonly action: Action | null;
  /** The first half of a stroke of two, which waits for the second. */
  readonly begun: Stroke;
}

/**
 * Read a key press. It goes by the letter that is typed, not by the place on the keyboard, and
 * never touches a combination that types a letter (AltGr) or belongs to the browser.
 */
export function read(begun: Stroke, event: KeyLike, around: Surroundings): Step {
  const stroke = strokeOf(event);
  const isChord = stroke.startsWith("Mod+");
  const isSilent = around.isWriting || !around.singleKeys;
  if (!isChord && isSilent && stroke !== "Escape") return { action: null, begun: "" };
  if (stroke === "Enter" && around.isOnControl) return { action: null, begun: "" };
  const whole = begun === "" ? stroke : `${begun} ${stroke}`;
  const action = actionOf(whole, around.keys) ?? null;
  if (action !== null) return { action, begun: "" };
  return { action: null, begun: begins(stroke, around.keys) ? stroke : "" };
}

export function strokeOf({ key, ctrlKey, metaKey, altKey, shiftKey }: KeyLike): Stroke {
  // AltGr arrives as Ctrl+Alt: it types a letter, and is no command.
  if (altKey) return "";
  if (ctrlKey || metaKey) return `Mod+${shiftKey ? "Shift+" : ""}${key.toLowerCase()}`;
  return shiftKey && /^\p{L}$/u.test(key) ? `Shift+${key.toUpperCase()}` : key;
}

export function keyOf(action: Action, own: Surroundings["keys"]): Stroke {
  return own[action] ?? KEYS[action];
}

function actionOf(stroke: Stroke, own: Surroundings["keys"]): Action | undefined {
  return ACTIONS.find((action) => keyOf(action, own) === stroke) ?? ALSO[stroke];
}

function begins(stroke: Stroke, own: Surroundings["keys"]): boolean {
  return stroke !== "" && ACTIONS.some((action) => keyOf(action, own).startsWith(`${stroke} `));
}

/** A stroke as people read it: `⌘K`, `Shift E`, `G Q`. */
export function spelled(stroke: Stroke, isMac: boolean): string {
  return stroke
    .replace("Mod+", isMac ? "⌘ " : "Ctrl ")
    .replace("Shift+", "Shift ")
    .replace("Escape", "Esc")
    .split(" ")
    .map((part) => (part.length === 1 ? part.toUpperCase() : part))
    .join(" ");
}

export const IS_MAC =
  typeof navigator !== "undefined" && /mac|iphone|ipad/iu.test(navigator.userAgent);
