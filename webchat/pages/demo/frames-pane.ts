import type { Direction, Passage } from "./wire-tap";

const MOST_ROWS = 200;
const MOST_CHARS = 80;
const HEARTBEATS: ReadonlySet<string> = new Set(["ping", "pong"]);
const SECRETS: ReadonlySet<string> = new Set(["token", "nonce", "refresh_token"]);
const SIGNS: Readonly<Record<Direction, readonly [sign: string, name: string]>> = {
  sent: ["↑", "sent"],
  received: ["↓", "received"],
  request: ["⇅", "request"],
  socket: ["●", "socket"],
};

interface Frame {
  readonly event: string;
  readonly data?: Readonly<Record<string, unknown>>;
  readonly seq?: number;
}

/** A list of what passes on the wire, the newest first; a row opens to the whole frame. */
export class FramesPane {
  readonly #list: HTMLElement;
  readonly #count: HTMLElement;
  #passed = 0;
  #paused = false;

  constructor(pane: HTMLElement) {
    this.#list = part(pane, "[data-frames]");
    this.#count = part(pane, "[data-count]");
    part(pane, "[data-clear]").addEventListener("click", () => this.#list.replaceChildren());
    const pause = part(pane, "[data-pause]");
    pause.addEventListener("click", () => {
      this.#paused = !this.#paused;
      pause.setAttribute("aria-pressed", String(this.#paused));
    });
    const beats = part<HTMLInputElement>(pane, "[data-heartbeats]");
    const show = () => this.#list.classList.toggle("with-heartbeats", beats.checked);
    beats.addEventListener("change", show);
    show();
  }

  show({ direction, text }: Passage): void {
    if (direction === "sent" || direction === "received") {
      for (const frame of framesOf(text)) this.#add(frameRow(direction, frame));
      return;
    }
    this.#add(row(direction, text));
  }

  #add(item: HTMLElement): void {
    this.#passed += 1;
    this.#count.textContent = String(this.#passed);
    if (this.#paused) return;
    this.#list.prepend(item);
    if (this.#list.childElementCount > MOST_ROWS) this.#list.lastElementChild?.remove();
  }
}

export function part<E extends HTMLElement = HTMLElement>(within: ParentNode, selector: string): E {
  const found = within.querySelector<E>(selector);
  if (found === null) throw new Error(`The page has no ${selector}`);
  return found;
}

/** A text on the socket is one frame, or several joined by newlines. */
function framesOf(text: string): Frame[] {
  return text.split("\n").map((line) => {
    try {
      return JSON.parse(line) as Frame;
    } catch {
      return { event: "unreadable", data: { text: line } };
    }
  });
}

function frameRow(direction: Direction, frame: Frame): HTMLElement {
  const more = document.createElement("pre");
  more.textContent = JSON.stringify(frame, hideSecrets, 2);
  more.dir = "ltr";
  more.tabIndex = 0;
  const item = row(direction, frame.event, gist(frame), more);
  item.dataset.event = frame.event;
  item.classList.toggle("heartbeat", HEARTBEATS.has(frame.event));
  return item;
}

function hideSecrets(key: string, value: unknown): unknown {
  return SECRETS.has(key) && typeof value === "string" ? `… ${value.length} characters` : value;
}

/** The fields that say most, in one line. */
function gist({ data = {}, seq }: Frame): string {
  const said = data.content ?? data.code ?? data.state ?? data.status ?? data.kind ?? "";
  const text = typeof said === "string" ? said : JSON.stringify(said);
  const number = seq ?? data.seq ?? data.last_seq;
  return [typeof number === "number" ? `#${number}` : "", text]
    .filter((it) => it !== "")
    .join(" ")
    .slice(0, MOST_CHARS);
}

function row(direction: Direction, name: string, text = "", more?: HTMLElement): HTMLElement {
  const [sign, spoken] = SIGNS[direction];
  const line = document.createElement(more === undefined ? "p" : "summary");
  line.append(
    element("time", "", new Date().toTimeString().slice(0, 8)),
    element("span", "sr", spoken),
    hidden(element("span", "sign", sign)),
    element("b", "", name),
    element("span", "gist", text),
  );
  const item = document.createElement("li");
  item.dataset.direction = direction;
  if (more === undefined) item.append(line);
  else {
    const details = document.createElement("details");
    details.append(line, more);
    item.append(details);
  }
  return item;
}

function element(tag: string, name: string, text: string): HTMLElement {
  const made = document.createElement(tag);
  made.className = name;
  made.textContent = text;
  return made;
}

function hidden(sign: HTMLElement): HTMLElement {
  sign.setAttribute("aria-hidden", "true");
  return sign;
}
