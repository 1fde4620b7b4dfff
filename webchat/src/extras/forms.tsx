import type { Traits } from "@chorus/sdk";
import { asChorusError } from "@chorus/sdk/errors";
import { useEffect, useRef, useState } from "preact/hooks";
import type { Attributes, Consent, Field } from "../api";
import { known } from "../panel/known";
import { MessageSentence } from "../panel/message-sentence";
import type { Scene } from "../panel/scene";
import { useScene } from "../panel/use-scene";
import { t } from "../panel/words";
import { useDress } from "./dress";

type Kind = "prechat" | "offline" | "deferred";
type Problems = Readonly<Record<string, string>>;

const CONSENT = "consent";
const MAX_CHARS = 255;
const AUTOCOMPLETE: Readonly<Record<string, string>> = {
  name: "name",
  email: "email",
  phone: "tel",
};

/** What is asked before a chat, or of who finds nobody there. */
export function Form({ kind }: { readonly kind: Kind }) {
  useDress();
  const scene = useScene();
  const box = useRef<HTMLFormElement>(null);
  const [problems, setProblems] = useState<Problems>({});
  const [failure, setFailure] = useState("");
  const fields = fieldsOf(scene, kind);
  useEffect(() => scene.offerFocus(box.current?.querySelector("input, select, textarea")), [scene]);
  const consent = kind === "deferred" ? undefined : scene.settings.consent;
  const submit = (event: Event) => {
    event.preventDefault();
    const form = box.current;
    if (form === null) return;
    const found = problemsOf(form);
    setProblems(found);
    const first = Object.keys(found)[0];
    if (first !== undefined) return (form.elements.namedItem(first) as HTMLElement).focus();
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
      <button type="submit" class="primary">
        {t(kind === "prechat" ? "begin" : "leave")}
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
  if (kind === "deferred") await leave(scene, values, traits);
  else await begin(scene, kind, values, traits);
  scene.changed();
}

/** What belongs to a person has fields of its own; everything else is an attribute. */
function traitsOf({ message: _, ...values }: Attributes): Traits {
  const { name, email, phone, ...attributes } = values as Record<string, string>;
  return known({ name, email, phone, attributes });
}

async function begin(scene: Scene, kind: Kind, values: Attributes, traits: Traits): Promise<void> {
  await scene.line.describe(traits);
  scene.host.emit(kind === "offline" ? "offline:submit" : "prechat:submit", values);
  scene.wantsFocus = true;
  if (kind !== "offline") return void (await scene.line.open());
  await scene.say(String(values.message ?? ""));
  await scene.requestHuman();
}

async function leave(
  { line, host, choices, state }: Scene,
  values: Attributes,
  contact: Traits,
): Promise<void> {
  await (await line.open()).leaveContact({ contact, choice: "message" });
  choices.set("left", state.conversation?.session?.id ?? "");
  host.emit("offline:submit", values);
}

interface InputProps {
  readonly field: Field;
  readonly value: string;
  readonly problem: string | undefined;
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
        {problem}
      </span>
    </p>
  );
}

function Agreement({ consent, problem }: { consent: Consent; problem: string | undefined }) {
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
        {problem}
      </span>
    </p>
  );
}

/** The browser's own rules, in the words of the widget. */
function problemsOf(form: HTMLFormElement): Problems {
  const invalid = [...form.querySelectorAll<HTMLInputElement>(":invalid")];
  return Object.fromEntries(
    invalid.map(({ name, validity }) => [
      name,
      t(validity.valueMissing ? (name === CONSENT ? "agree" : "required") : "invalid"),
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
