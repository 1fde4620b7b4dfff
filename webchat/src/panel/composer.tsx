import { asChorusError } from "@chorus/sdk/errors";
import { useEffect, useRef, useState } from "preact/hooks";
import { ICONS, Icon } from "./icon";
import { useScene } from "./use-scene";
import { t } from "./words";

/** UTF-8 bytes that the server takes. */
const MAX_BYTES = 16_384;

export function Composer() {
  const scene = useScene();
  const [problem, setProblem] = useState("");
  const field = useRef<HTMLTextAreaElement>(null);
  const { draft: text, tools, tray } = scene;
  const mayLeave = tray?.mayLeave(text) ?? text.trim() !== "";
  useEffect(() => fit(field.current), [text]);
  useEffect(() => scene.offerFocus(field.current), [scene]);

  const change = (value: string) => {
    scene.write(value);
    setProblem(isTooLong(value) ? t("tooLong") : "");
    scene.line.client?.typing(value.trim() !== "");
  };
  const send = () => {
    const content = text.trim();
    if (!mayLeave || isTooLong(content)) return;
    const files = tray?.take();
    const said = scene.say(content, files);
    change("");
    said.catch((cause: unknown) => {
      // Nothing a person wrote is thrown away: it goes back where it was written.
      change([content, scene.draft].join("\n").trim());
      tray?.putBack(files);
      setProblem(sentenceOf(cause));
    });
  };
  const focus = () => field.current?.focus();
  const insert = (face: string) => {
    const at = field.current?.selectionEnd ?? text.length;
    change(text.slice(0, at) + face + text.slice(at));
    focus();
  };
  const onKeyDown = (event: KeyboardEvent) => {
    // While an input method is composing, Enter chooses a word.
    if (event.key !== "Enter" || event.shiftKey || event.isComposing) return;
    event.preventDefault();
    send();
  };
  return (
    <form
      class="composer"
      onSubmit={(event) => {
        event.preventDefault();
        send();
        focus();
      }}
    >
      {scene.thread !== undefined && <scene.thread.Quote />}
      {tools !== undefined && <tools.Above insert={insert} focus={focus} />}
      <div class="field">
        <textarea
          ref={field}
          rows={1}
          dir="auto"
          value={text}
          placeholder={t("composer")}
          aria-label={t("composer")}
          aria-invalid={problem !== ""}
          aria-describedby="chorus-problem"
          onInput={(event) => change(event.currentTarget.value)}
          onKeyDown={onKeyDown}
        />
        {tools !== undefined && <tools.Buttons />}
      </div>
      <button type="submit" class="send" aria-label={t("send")} disabled={!mayLeave}>
        <Icon path={ICONS.send} turns />
      </button>
      <p id="chorus-problem" class="problem" role={problem === "" ? undefined : "alert"}>
        {problem}
      </p>
    </form>
  );
}

/** What no server and no page refused is a part that could not be fetched. */
function sentenceOf(cause: unknown): string {
  const { code, message } = asChorusError(cause);
  return code === "UNEXPECTED" ? t("failed") : message;
}

function isTooLong(text: string): boolean {
  return text.length * 3 > MAX_BYTES && new TextEncoder().encode(text).length > MAX_BYTES;
}

/** Grow with the text. Set by the style object: a strict policy forbids style attributes only. */
function fit(field: HTMLTextAreaElement | null): void {
  if (field === null) return;
  field.style.blockSize = "auto";
  field.style.blockSize = `${field.scrollHeight}px`;
}
