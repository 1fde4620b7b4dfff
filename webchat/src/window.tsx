import type { VisitorClient } from "@chorus/sdk";
import { useEffect, useRef } from "preact/hooks";
import { Announcer } from "./announcer";
import { Banner } from "./banner";
import { Composer } from "./composer";
import { Icon } from "./icon";
import { MessageLog } from "./message-log";
import { responderOf } from "./people";
import { TEXTS } from "./texts";
import { useVisitor } from "./use-visitor";

interface WindowProps {
  readonly client: VisitorClient;
  readonly modal: boolean;
  readonly takeFocus: boolean;
  readonly onClose: () => void;
}

/** The open chat: a dialog beside the page, or over it on a small screen. */
export function Window({ client, modal, takeFocus, onClose }: WindowProps) {
  const state = useVisitor(client);
  const box = useRef<HTMLDivElement>(null);
  useEffect(() => {
    if (takeFocus) box.current?.querySelector("textarea")?.focus();
  }, [takeFocus]);
  const onKeyDown = (event: KeyboardEvent) => {
    if (event.key === "Escape") onClose();
    if (event.key === "Tab" && modal) keepInside(box.current, event);
  };
  return (
    <div
      ref={box}
      class="window"
      role="dialog"
      aria-label={TEXTS.dialog}
      aria-modal={modal}
      onKeyDown={onKeyDown}
    >
      <Header client={client} onClose={onClose} />
      <Banner client={client} state={state} />
      <MessageLog client={client} state={state} />
      <Announcer client={client} />
      <Composer client={client} conversation={state.conversation} />
    </div>
  );
}

function Header({ client, onClose }: Pick<WindowProps, "client" | "onClose">) {
  const { name, presence } = responderOf(useVisitor(client).conversation);
  const words = { online: TEXTS.agentOnline, away: TEXTS.agentAway, gone: TEXTS.agentGone };
  return (
    <header class="header">
      <span class="avatar" aria-hidden="true">
        {name.slice(0, 1)}
        <span class={`dot ${presence}`} />
      </span>
      <div class="who">
        <h2 class="title" dir="auto">
          {name === TEXTS.team ? TEXTS.title : name}
        </h2>
        <p class="presence" data-presence={presence}>
          {words[presence]}
        </p>
      </div>
      <button type="button" class="icon-button" aria-label={TEXTS.close} onClick={onClose}>
        <Icon name="close" />
      </button>
    </header>
  );
}

function keepInside(box: HTMLElement | null, event: KeyboardEvent): void {
  const reachable = [
    ...(box?.querySelectorAll<HTMLElement>("button, textarea, a, [tabindex='0']") ?? []),
  ].filter((element) => !element.hasAttribute("disabled"));
  const active = (box?.getRootNode() as ShadowRoot | undefined)?.activeElement;
  const edge = event.shiftKey ? reachable[0] : reachable.at(-1);
  if (active !== edge) return;
  event.preventDefault();
  (event.shiftKey ? reachable.at(-1) : reachable[0])?.focus();
}
