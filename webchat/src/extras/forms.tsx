import type { Traits } from "@chorus/sdk";
import { asChorusError } from "@chorus/sdk/errors";
import { useEffect, useRef, useState } from "preact/hooks";
import type { Attributes, Consent, Field } from "../api";
import { known } from "../panel/known";
import { MessageSentence } from "../panel/message-sentence";
import type { Scene } from "../panel/scene";
import { useScene } from "../panel/use-scene";
import { t } from "../panel/words";
import { describe } from "./describe";
import { useDress } from "./dress";
import { requestHuman } from "./human";

type Kind = "prechat" | "offline" | "deferred";
type Problem = "agree" | "required" | "invalid";
type Problems = Readonly<Record<string, Problem>>;

const CONSENT = "consent";
const MAX_CHARS = 255;
const BUTTONS = { prechat: "begin", offline: "leave", deferred: "reach" } as const;
const AUTOCOMPLETE: Readonly<Record<string, string>> = {
  name: "name",
  email: "email",
  phone: "tel",
};

/** The session whose customer has just said how to reach them; "" while that is on its way. */
let told: string | undefined;

/** What is asked before a chat, or of who finds nobody there. */
export function Form({ kind }: { readonly kind: Kind }) {
  useDress();
  const scene = useScene();
  const box = useRef<HTMLFormElement>(null);
  const [problems, setProblems] = useState<Problems>({});
  const [failure, setFailure] = useState("");
  const fields = fieldsOf(scene, kind);
  useEffect(() => scene.offerFocus(box.current?.querySelector("input, select, textarea")), [scene]);
  useEffect(() => showFirst(box.current, problems), [problems]);
  if (kind === "deferred" && (told === "" || told === scene.state.conversation?.session?.id)) {
    return null;
  }
  const consent = kind === "deferred" ? undefined : scene.settings.consent;
  const submit = (event: Event) => {
    event.preventDefault();
    const form = box.current;
    if (form === null) return;
    const found = problemsOf(form);
    setProblems(found);
    if (Object.keys(found).length > 0) return;
    finish(scene, kind, valuesOf(form)).catch((cause: unknown) =>
      setFailure(asChorusError(cause).message),
    );
  };
  return (
    <form ref={box} class="form" noValidate onSubmit={submit}>
      {kind === "offline" && <p>{t("nobody")}</p>}
      {fields.map((field) => (
        <Input
          key={field.name}
          field={field}
          value={String(scene.filled[field.name] ?? "")}
          problem={problems[field.name]}
        />
      ))}
      {consent !== undefined && <Agreement consent={consent} problem={problems[CONSENT]} />}
      {failure !== "" && <MessageSentence text={failure} />}
      <button type="submit" class={`primary ${kind}`}>
        {t(BUTTONS[kind])}
      </button>
    </form>
  );
}

function fieldsOf({ settings, state }: Scene, kind: Kind): readonly Field[] {
  if (kind === "prechat") return settings.prechat ?? [];
  const email: Field = { name: "email", label: t("email"), type: "email", required: true };
  const message: Field = { name: "message", label: t("message"), type: "textarea", required: true };
  const asked = settings.offline ?? [{ name: "name", label: t("name") }, email];
  const needsMessage = kind === "offline" && state.conversation === null;
  return needsMessage && !asked.some(({ name }) => name === "message")
    ? [...asked, message]
    : asked;
}

async function finish(scene: Scene, kind: Kind, values: Attributes): Promise<void> {
  scene.filled = { ...scene.filled, ...values };
  const traits = traitsOf(values);
  if (kind === "deferred") {
    await leave(scene, traits);
    scene.host.emit("offline:submit", values);
  } else await begin(scene, kind, values, traits);
  scene.changed();
}

/** What belongs to a person has fields of its own; everything else is an attribute. */
function traitsOf({ message: _, ...values }: Attributes): Traits {
  const { name, email, phone, ...attributes } = values as Record<string, string>;
  return known({ name, email, phone, attributes });
}

async function begin(scene: Scene, kind: Kind, values: Attributes, traits: Traits): Promise<void> {
  await describe(scene.line, traits);
  scene.host.emit(kind === "offline" ? "offline:submit" : "prechat:submit", values);
  scene.wantsFocus = true;
  if (kind !== "offline") return void (await scene.line.open());
  told = "";
  try {
    await scene.say(String(values.message ?? ""));
    await requestHuman(scene);
    if ((await answerTo(scene)) === "deferred") await leave(scene, traits);
  } finally {
    told ||= undefined;
  }
}

/** What became of the wish for a person; the line may have opened while the form was filled in. */
function answerTo(scene: Scene): Promise<string> {
  return new Promise((resolve) => {
    const look = () => {
      const state = scene.state.conversation?.session?.state ?? "requested";
      if (state === "requested") return;
      forget();
      resolve(state);
    };
    const forget = scene.on(look);
    look();
  });
}

/** Say how to reach the visitor. */
async function leave(scene: Scene, contact: Traits): Promise<void> {
  const { line, choices } = scene;
  await (await line.open()).leaveContact({ contact, choice: "message" });
  told = scene.state.conversation?.session?.id ?? "";
  choices.set("left", told);
}

interface InputProps {
  readonly field: Field;
  readonly value: string;
  readonly problem: Problem | undefined;
}

function Input({ field, value, problem }: InputProps) {
  const { name, label, type = "text", required = false, options = [] } = field;
  const shared = {
    id: `chorus-${name}`,
    name,
    required,
    maxLength: type === "textarea" ? 4_000 : MAX_CHARS,
    defaultValue: value,
    dir: "auto" as const,
    "aria-invalid": problem !== undefined,
    "aria-describedby": `chorus-${name}-problem`,
  };
  return (
    <p class="input">
      <label for={shared.id}>
        {label}
        {!required && <small> ({t("optional")})</small>}
      </label>
      {type === "textarea" && <textarea rows={3} {...shared} />}
      {type === "select" && (
        <select {...shared}>
          <option value="" />
          {options.map((option) => (
            <option key={option}>{option}</option>
          ))}
        </select>
      )}
      {type !== "textarea" && type !== "select" && (
        <input type={type as "text"} autocomplete={AUTOCOMPLETE[name] ?? "off"} {...shared} />
      )}
      <span id={`chorus-${name}-problem`} class="problem">
        {problem && t(problem)}
      </span>
    </p>
  );
}

function Agreement({ consent, problem }: { consent: Consent; problem: Problem | undefined }) {
  return (
    <p class="input">
      <label class="check">
        <input
          type="checkbox"
          name={CONSENT}
          required
          aria-invalid={problem !== undefined}
          aria-describedby="chorus-consent-problem"
        />
        <span dir="auto">
          {consent.text}{" "}
          {consent.link !== undefined && /^https?:/iu.test(consent.link) && (
            <a href={consent.link} target="_blank" rel="noopener noreferrer">
              {consent.linkText ?? consent.link}
            </a>
          )}
        </span>
      </label>
      <span id="chorus-consent-problem" class="problem">
        {problem && t(problem)}
      </span>
    </p>
  );
}

/** Take the visitor to what has to be mended first, and to what it is called. */
function showFirst(form: HTMLFormElement | null, problems: Problems): void {
  const first = form?.elements.namedItem(Object.keys(problems)[0] ?? "");
  if (!(first instanceof HTMLElement)) return;
  first.focus();
  first.closest("p")?.scrollIntoView({ block: "nearest" });
}

/** By the browser's own rules. */
function problemsOf(form: HTMLFormElement): Problems {
  const fields = [...form.elements] as HTMLInputElement[];
  const invalid = fields.filter(({ validity }) => !validity.valid);
  return Object.fromEntries(
    invalid.map(({ name, validity }) => [
      name,
      validity.valueMissing ? (name === CONSENT ? "agree" : "required") : "invalid",
    ]),
  );
}

function valuesOf(form: HTMLFormElement): Attributes {
  const said = [...new FormData(form)].flatMap(([name, value]) =>
    typeof value === "string" && value.trim() !== "" ? [[name, value.trim()] as const] : [],
  );
  return Object.fromEntries(
    said.map(([name, value]) =>
      name === CONSENT ? ["consentAt", new Date().toISOString()] : [name, value],
    ),
  );
}
