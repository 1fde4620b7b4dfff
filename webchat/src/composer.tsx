import {
  asChorusError,
  type ConversationView,
  MAX_CONTENT_BYTES,
  type VisitorClient,
} from "@chorus/sdk";
import { useEffect, useRef, useState } from "preact/hooks";
import { Icon } from "./icon";
import { TEXTS } from "./texts";

interface ComposerProps {
  readonly client: VisitorClient;
  readonly conversation: ConversationView | null;
}

export function Composer({ client, conversation }: ComposerProps) {
  if (conversation?.status === "closed") return <Closed client={client} />;
  return <Form client={client} />;
}

function Form({ client }: { readonly client: VisitorClient }) {
  const [text, setText] = useState("");
  const [problem, setProblem] = useState("");
  const field = useRef<HTMLTextAreaElement>(null);
  useEffect(() => fit(field.current), [text]);

  const change = (value: string) => {
    setText(value);
    setProblem(isTooLong(value) ? TEXTS.tooLong : "");
    client.typing(value.trim() !== "");
  };
  const send = () => {
    const content = text.trim();
    if (content === "" || isTooLong(content)) return;
    setText("");
    client.send(content).catch((cause: unknown) => {
      // Nothing a person wrote is thrown away: it goes back where it was written.
      setText(content);
      setProblem(asChorusError(cause).message);
    });
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
        field.current?.focus();
      }}
    >
      <textarea
        ref={field}
        rows={1}
        dir="auto"
        value={text}
        placeholder={TEXTS.composer}
        aria-label={TEXTS.composer}
        aria-invalid={problem !== ""}
        aria-describedby="chorus-problem"
        onInput={(event) => change(event.currentTarget.value)}
        onKeyDown={onKeyDown}
      />
      <button type="submit" class="send" aria-label={TEXTS.send} disabled={text.trim() === ""}>
        <Icon name="send" />
      </button>
      <p id="chorus-problem" class="problem" role={problem === "" ? undefined : "alert"}>
        {problem}
      </p>
    </form>
  );
}

function Closed({ client }: { readonly client: VisitorClient }) {
  const [problem, setProblem] = useState("");
  const startOver = () => {
    client.startOver().catch((cause: unknown) => setProblem(asChorusError(cause).message));
  };
  return (
    <div class="composer closed">
      <p>{problem === "" ? TEXTS.closed : problem}</p>
      <button type="button" class="primary" onClick={startOver}>
        {TEXTS.startOver}
      </button>
    </div>
  );
}

function isTooLong(text: string): boolean {
  return (
    text.length * 3 > MAX_CONTENT_BYTES && new TextEncoder().encode(text).length > MAX_CONTENT_BYTES
  );
}

/** Grow with the text. Set by the style object: a strict policy forbids style attributes only. */
function fit(field: HTMLTextAreaElement | null): void {
  if (field === null) return;
  field.style.blockSize = "auto";
  field.style.blockSize = `${Math.min(field.scrollHeight, 132)}px`;
}
