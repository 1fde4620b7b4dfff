import { browserStorage, createVisitorClient, type VisitorClient } from "@chorus/sdk";
import { render } from "preact";
import css from "./panel.css?inline";
import type { ChatSettings } from "./settings";
import { adopt } from "./shadow";
import { Window } from "./window";

export interface PanelHandle {
  open(options?: { readonly focus: boolean }): void;
  close(): void;
  /** True when the visitor had the panel open on the page before. */
  wasOpen(): boolean;
}

export interface PanelOptions {
  readonly root: ShadowRoot;
  readonly settings: ChatSettings;
  readonly onUnread: (count: number) => void;
  /** The visitor closed the panel from inside. */
  readonly onClose: () => void;
}

/** Start the client and keep the window ready to be drawn. */
export function createPanel({ root, settings, onUnread, onClose }: PanelOptions): PanelHandle {
  const storage = browserStorage();
  const memory = new OpenMemory(`chorus:${settings.inboxKey}:open`);
  const client = createVisitorClient({
    apiBase: settings.apiBase ?? "",
    inboxKey: settings.inboxKey,
    storage,
  });
  client.on("state", ({ unread }) => onUnread(unread));
  adopt(root, css);
  const mount = document.createElement("div");
  root.append(mount);
  const close = () => {
    memory.remember(false);
    draw(mount, client, undefined);
  };
  return {
    open: ({ focus } = { focus: true }) => {
      memory.remember(true);
      draw(mount, client, {
        focus,
        close: () => {
          close();
          onClose();
        },
      });
    },
    close,
    wasOpen: () => memory.wasOpen(),
  };
}

interface Opening {
  readonly focus: boolean;
  readonly close: () => void;
}

function draw(mount: HTMLElement, client: VisitorClient, opening: Opening | undefined): void {
  const isModal = opening !== undefined && matchMedia("(max-width: 480px)").matches;
  shield(mount, isModal);
  render(
    opening === undefined ? null : (
      <Window client={client} modal={isModal} takeFocus={opening.focus} onClose={opening.close} />
    ),
    mount,
  );
}

/** A full-screen panel takes the page behind it out of the tab order and the reading order. */
function shield(mount: HTMLElement, on: boolean): void {
  const host = (mount.getRootNode() as ShadowRoot).host;
  for (const sibling of host.parentElement?.children ?? []) {
    if (sibling === host || !(sibling instanceof HTMLElement)) continue;
    if (on && !sibling.inert) sibling.dataset.chorusInert = "";
    if ("chorusInert" in sibling.dataset) sibling.inert = on;
    if (!on) delete sibling.dataset.chorusInert;
  }
}

class OpenMemory {
  readonly #key: string;

  constructor(key: string) {
    this.#key = key;
  }

  remember(open: boolean): void {
    try {
      localStorage.setItem(this.#key, open ? "1" : "0");
    } catch {
      // A browser without storage forgets; the chat itself says so.
    }
  }

  wasOpen(): boolean {
    try {
      return localStorage.getItem(this.#key) === "1";
    } catch {
      return false;
    }
  }
}
