import {
  type AgentClient,
  type AgentState,
  asChorusError,
  type ConversationView,
  MAX_CONTENT_BYTES,
} from "@chorus/sdk";
import { type KeyboardEvent, useLayoutEffect, useRef, useState } from "react";
import { Icon } from "./icon";

interface ComposerProps {
  readonly client: AgentClient;
  readonly conv: string;
  readonly view: ConversationView | undefined;
  readonly state: AgentState;
  /** Unsent text by conversation and mode. */
  readonly drafts: Map<string, string>;
}

type Mode = "reply" | "note";

export function Composer({ client, conv, view, state, drafts }: ComposerProps) {
  const isClosed = view?.status === "closed";
  const [wanted, setWanted] = useState<Mode>("reply");
  // A resolved conversation takes notes only; a reply would be refused.
  const mode = isClosed ? "note" : wanted;
  const draft = useDraft(drafts, `${conv}:${mode}`);
  const [problem, setProblem] = useState("");
  const field = useRef<HTMLTextAreaElement>(null);
  useLayoutEffect(() => fit(field.current, draft.text), [draft.text]);

  const choose = (next: Mode) => {
    setWanted(next);
    client.typing(conv, false);
    field.current?.focus();
  };
  const change = (text: string) => {
    draft.set(text);
    setProblem(isTooLong(text) ? "This message is too long. Please split it." : "");
    client.typing(conv, text.trim() !== "", { note: mode === "note" });
  };
  const send = () => {
    const content = draft.text.trim();
    if (content === "" || isTooLong(content)) return;
    draft.set("");
    client.send(conv, content, conditions(mode, view)).catch((cause: unknown) => {
      draft.set(content);
      setProblem(asChorusError(cause).message);
    });
  };
  const onKeyDown = (event: KeyboardEvent) => {
    const isMod = event.ctrlKey || event.metaKey;
    if (event.key === "Escape") field.current?.blur();
    if (isMod && event.shiftKey && event.key.toLowerCase() === "m") {
      event.preventDefault();
      choose(mode === "note" ? "reply" : "note");
    }
    if (event.key !== "Enter" || event.shiftKey || event.nativeEvent.isComposing) return;
    event.preventDefault();
    send();
  };
  const label = mode === "note" ? "Add note" : "Send";
  return (
    <form
      className={`composer ${mode}`}
      data-mode={mode}
      onSubmit={(event) => {
        event.preventDefault();
        send();
      }}
    >
      <ModeSwitch mode={mode} isClosed={isClosed} onChoose={choose} />
      <textarea
        ref={field}
        rows={2}
        dir="auto"
        value={draft.text}
        aria-label={mode === "note" ? "Write a note" : "Write a reply"}
        placeholder={mode === "note" ? "Only your team will see this" : "Reply to the customer"}
        aria-invalid={problem !== ""}
        aria-describedby="composer-problem"
        onChange={(event) => change(event.currentTarget.value)}
        onKeyDown={onKeyDown}
      />
      <div className="composer-foot">
        <p id="composer-problem" className="problem" role="alert">
          {problem}
        </p>
        {state.connection.phase !== "online" && problem === "" && (
          <p className="hint">Offline: will be sent later</p>
        )}
        <button type="submit" className="primary" disabled={draft.text.trim() === ""}>
          <Icon name={mode === "note" ? "note" : "send"} size={18} /> {label}
        </button>
      </div>
    </form>
  );
}

interface ModeSwitchProps {
  readonly mode: Mode;
  readonly isClosed: boolean;
  readonly onChoose: (mode: Mode) => void;
}

function ModeSwitch({ mode, isClosed, onChoose }: ModeSwitchProps) {
  return (
    <fieldset className="modes">
      <legend className="visually-hidden">What you write</legend>
      <button
        type="button"
        data-key="r"
        aria-pressed={mode === "reply"}
        disabled={isClosed}
        onClick={() => onChoose("reply")}
      >
        <Icon name="reply" size={16} /> Reply
      </button>
      <button
        type="button"
        data-key="n"
        aria-pressed={mode === "note"}
        onClick={() => onChoose("note")}
      >
        <Icon name="note" size={16} /> Note
      </button>
    </fieldset>
  );
}

/** A reply says what its author had seen, so that nobody answers over a colleague unawares. */
function conditions(mode: Mode, view: ConversationView | undefined) {
  if (mode === "note") return { visibility: "agents" as const };
  const seen = view?.pending.length === 0 && view.synced ? { expected_seq: view.seq } : {};
  return { visibility: "public" as const, ...seen };
}

function useDraft(drafts: Map<string, string>, key: string) {
  const [, redraw] = useState(0);
  return {
    text: drafts.get(key) ?? "",
    set: (text: string) => {
      drafts.set(key, text);
      redraw((count) => count + 1);
    },
  };
}

function isTooLong(text: string): boolean {
  return (
    text.length * 3 > MAX_CONTENT_BYTES && new TextEncoder().encode(text).length > MAX_CONTENT_BYTES
  );
}

function fit(field: HTMLTextAreaElement | null, text: string): void {
  if (field === null) return;
  field.style.blockSize = "auto";
  if (text !== "") field.style.blockSize = `${Math.min(field.scrollHeight, 220)}px`;
}
