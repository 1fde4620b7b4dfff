import { contrast, parseColour, READABLE, type Rgb, readableOn } from "@chorus/sdk/colour";

/** What an inbox chooses for its chat: docs/widget.md. What is left out is as the widget has it. */
export interface WidgetSettings {
  readonly theme?: "auto" | "light" | "dark";
  readonly color?: string;
  readonly position?: "start" | "end";
  readonly offset?: { readonly x?: number; readonly y?: number };
  readonly launcher?: boolean | { readonly label?: string; readonly icon?: string };
  readonly title?: string;
  readonly greeting?: string;
  readonly avatars?: boolean;
  readonly prechat?: readonly FormField[];
  readonly offline?: readonly FormField[];
  readonly consent?: Consent;
  readonly features?: Features;
  readonly locale?: string;
  readonly queue?: string;
  readonly hideOnMobile?: boolean;
  readonly rememberOpen?: boolean;
  readonly open?: boolean | number;
  readonly pages?: { readonly include?: readonly string[]; readonly exclude?: readonly string[] };
}

export interface FormField {
  readonly name: string;
  readonly label?: string;
  readonly type?: "text" | "email" | "tel" | "textarea" | "select";
  readonly required?: boolean;
  readonly options?: readonly string[];
}

export interface Consent {
  readonly text: string;
  readonly link?: string;
  readonly linkText?: string;
}

export const FEATURES = [
  "human",
  "upload",
  "emoji",
  "sound",
  "transcript",
  "csat",
  "popout",
] as const;
export type Features = Readonly<Partial<Record<(typeof FEATURES)[number], boolean>>>;
export const FIELD_TYPES = ["text", "email", "tel", "textarea", "select"] as const;

const WHITE: Rgb = [255, 255, 255];
const NIGHT: Rgb = [27, 27, 30];
const FIELD_NAME = /^[A-Za-z][A-Za-z0-9_]*$/u;

/** Settings with a part changed; what is empty is left out, so that the widget's own word holds. */
export function withPart(
  settings: WidgetSettings,
  part: Readonly<Partial<Record<keyof WidgetSettings, unknown>>>,
): WidgetSettings {
  const entries = Object.entries({ ...settings, ...part });
  return Object.fromEntries(entries.filter(([, value]) => !isBlank(value)));
}

function isBlank(value: unknown): boolean {
  if (value === undefined || value === null || value === "") return true;
  if (Array.isArray(value)) return value.length === 0;
  return typeof value === "object" && Object.keys(value).length === 0;
}

export type ColourVerdict =
  | { readonly kind: "fine" }
  | { readonly kind: "none" }
  /** Too near to the ground it stands on; `nearest` can be read there. */
  | { readonly kind: "faint"; readonly nearest: string };

/** Whether a colour can be read on the chat's ground. */
export function judgeColour(
  text: string | undefined,
  theme: WidgetSettings["theme"],
): ColourVerdict {
  if (text === undefined || text === "") return { kind: "fine" };
  const colour = parseColour(text);
  if (colour === undefined || text.length !== 7) return { kind: "none" };
  const ground = theme === "dark" ? NIGHT : WHITE;
  if (contrast(colour, ground) >= READABLE) return { kind: "fine" };
  return { kind: "faint", nearest: hexOf(readableOn(colour, ground)) };
}

function hexOf(colour: Rgb): string {
  return `#${colour.map((part) => part.toString(16).padStart(2, "0")).join("")}`;
}

export type FieldProblem = "name" | "twice" | "options";

/** What is wrong with the fields of a form, by their place; {} where nothing is. */
export function fieldProblems(
  fields: readonly FormField[],
): Readonly<Record<number, FieldProblem>> {
  const names = fields.map(({ name }) => name);
  const found: Record<number, FieldProblem> = {};
  for (const [at, field] of fields.entries()) {
    const hasChoice = field.type !== "select" || (field.options ?? []).length > 0;
    if (!FIELD_NAME.test(field.name)) found[at] = "name";
    else if (names.indexOf(field.name) < at) found[at] = "twice";
    else if (!hasChoice) found[at] = "options";
  }
  return found;
}

/** What keeps settings from being saved. */
export function isSavable(settings: WidgetSettings): boolean {
  const forms = [settings.prechat ?? [], settings.offline ?? []];
  return (
    judgeColour(settings.color, settings.theme).kind === "fine" &&
    forms.every((fields) => Object.keys(fieldProblems(fields)).length === 0) &&
    (settings.consent === undefined || settings.consent.text.trim() !== "")
  );
}
