/**
 * What a page can say to the widget and hear from it. The npm wrapper publishes this file.
 *
 * No type here comes from the wire: frames may change, this may only grow.
 */

export type Theme = "auto" | "light" | "dark";
export type Locale = "en" | "de" | "ar" | "fr" | "es" | "it" | "pt" | "pl" | "ja";
export type Attributes = Readonly<Record<string, string | number | boolean | null>>;

export interface User {
  /** A JWT of your backend, or how to get one; its `sub` says who this is. */
  readonly token?: string | (() => string | Promise<string>);
  readonly name?: string;
  readonly email?: string;
  readonly phone?: string;
  /** Address of a picture; agents see it among the attributes. */
  readonly avatar?: string;
}

/** A field of the form before a chat, or of the one when nobody is there. */
export interface Field {
  readonly name: string;
  readonly label: string;
  readonly type?: "text" | "email" | "tel" | "textarea" | "select";
  readonly required?: boolean;
  readonly options?: readonly string[];
}

export interface Consent {
  readonly text: string;
  readonly link?: string;
  readonly linkText?: string;
}

export interface Features {
  /** Whether visitors can send files; the inbox must allow it, too. */
  readonly upload?: boolean;
  readonly emoji?: boolean;
  readonly sound?: boolean;
  readonly transcript?: boolean;
  readonly csat?: boolean;
  /** Whether visitors see "Talk to a person". */
  readonly human?: boolean;
  /** Whether the menu offers a window of its own, where the browser has such. */
  readonly popout?: boolean;
}

/** All optional but `key`. What the inbox says on the server is the default of most of it. */
export interface Settings {
  readonly key: string;
  readonly user?: User;
  /** Origin of the server; where the script came from, when left out. */
  readonly apiBase?: string;
  readonly locale?: string;
  readonly dir?: "ltr" | "rtl";
  readonly theme?: Theme;
  /** One colour as `#rrggbb`; what stands on it is black or white, whichever can be read. */
  readonly color?: string;
  readonly position?: "start" | "end";
  /** Distance from the edges of the window, in px. */
  readonly offset?: { readonly x?: number; readonly y?: number };
  readonly zIndex?: number;
  readonly launcher?: boolean | { readonly label?: string; readonly icon?: string };
  /** A selector: the chat stands there, open, without a launcher. */
  readonly container?: string;
  /** Open at once, or after so many milliseconds. */
  readonly open?: boolean | number;
  /** An open chat stays open over page loads. */
  readonly rememberOpen?: boolean;
  readonly title?: string;
  readonly greeting?: string;
  /** Beside what others say: initials, nothing, or pictures by the name or the id of an agent. */
  readonly avatars?: boolean | Readonly<Record<string, string>>;
  readonly prechat?: readonly Field[];
  readonly offline?: readonly Field[];
  readonly consent?: Consent;
  readonly features?: Features;
  /** Kept with the contact; at most 50, each at most 255 characters. */
  readonly attributes?: Attributes;
  readonly queue?: string;
  readonly hideOnMobile?: boolean;
  /** Parts of the address of pages where the chat is there, or is not. */
  readonly pages?: { readonly include?: readonly string[]; readonly exclude?: readonly string[] };
  /** For a policy with nonces: the one of this page. */
  readonly nonce?: string;
  readonly debug?: boolean;
}

export interface Draft {
  readonly text: string;
}

export interface SentMessage {
  readonly id: string;
  readonly text: string;
}

export interface ReceivedMessage extends SentMessage {
  readonly from: "agent" | "bot" | "system";
  readonly name: string | null;
  readonly files: readonly UploadedFile[];
}

/** What to show: the conversation, the menu, or a conversation that begins anew. */
export type View = "chat" | "menu" | "new";

export interface UploadedFile {
  readonly id: string;
  readonly name: string;
  /** What the server found it to be. */
  readonly mime: string;
  /** Bytes. */
  readonly size: number;
}

export type ConnectionPhase = "idle" | "connecting" | "online" | "waiting" | "stopped";

/** What listeners get as their first argument. */
export interface Events {
  ready: { readonly key: string };
  open: Record<string, never>;
  close: Record<string, never>;
  show: Record<string, never>;
  hide: Record<string, never>;
  unread: number;
  "message:received": ReceivedMessage;
  "message:sent": SentMessage;
  "message:failed": SentMessage & { readonly code: string; readonly reason: string };
  "conversation:started": { readonly id: string };
  "conversation:ended": { readonly id: string };
  "agent:joined": { readonly id: string; readonly name: string | null };
  "agent:left": { readonly id: string; readonly name: string | null };
  "bot:handoff": { readonly state: string };
  "queue:position": { readonly position: number | null; readonly etaSeconds: number | null };
  availability: {
    /** By the hours of the queue. */
    readonly open: boolean;
    readonly opensAt: string | null;
    /** Whether somebody is there; null while that is not known. */
    readonly staffed: boolean | null;
  };
  "prechat:submit": Attributes;
  "offline:submit": Attributes;
  "csat:submit": { readonly score: number; readonly comment: string };
  "file:uploaded": UploadedFile;
  connection: ConnectionPhase;
  identity: { readonly verified: boolean };
  error: { readonly code: string; readonly message: string };
  /** Answer `false` and nothing is sent; answer attributes and they travel with the message. */
  "before:send": Draft;
}

export type EventName = keyof Events;

export interface Meta {
  readonly event: EventName;
  /** Version of the payload's shape. */
  readonly version: 1;
  /** Unix milliseconds. */
  readonly atMs: number;
}

// biome-ignore lint/suspicious/noConfusingVoidType: most listeners answer nothing.
export type Answer = void | boolean | Attributes;
export type Listener<E extends EventName> = (payload: Events[E], meta: Meta) => Answer;

export interface Facts {
  open: boolean;
  unread: number;
  connection: ConnectionPhase;
  availability: Events["availability"] | null;
  conversationId: string | null;
  visitorId: string | null;
}

/** `Chorus('<name>', …)`. Each call answers a promise and none throws into the page. */
export interface Methods {
  boot(settings: Settings): void;
  /** Forget the visitor in this browser, in all tabs, and leave the page. */
  shutdown(): void;
  identify(user: User): void;
  update(settings: Partial<Settings>): void;
  open(view?: View): void;
  close(): void;
  toggle(): void;
  show(): void;
  hide(): void;
  /** Move the chat into a window that stays on top, where the browser has such; answers whether. */
  popout(): boolean;
  newConversation(options?: {
    readonly message?: string;
    readonly queue?: string;
    readonly attrs?: Attributes;
  }): void;
  openConversation(id: string): boolean;
  prefill(text: string): void;
  /** Answers the id of the message. Needs a gesture of the visitor, as browsers count those. */
  send(text: string): string;
  requestHuman(reason?: string): void;
  setAttributes(options: {
    readonly contact?: Attributes;
    readonly conversation?: Attributes;
  }): void;
  removeAttributes(names: readonly string[]): void;
  addTags(tags: readonly string[]): void;
  removeTags(tags: readonly string[]): void;
  track(event: string, props?: Attributes): void;
  setLocale(locale: string): void;
  setTheme(theme: Theme): void;
  setQueue(queue: string | null): void;
  mute(muted: boolean): void;
  markRead(): void;
  get<F extends keyof Facts>(fact: F): Facts[F];
  /** Answers how to stop listening. */
  on<E extends EventName>(event: E, listener: Listener<E>): () => void;
  once<E extends EventName>(event: E, listener: Listener<E>): () => void;
  off<E extends EventName>(event: E, listener: Listener<E>): void;
}

export type MethodName = keyof Methods;

export interface Chorus {
  <E extends EventName>(
    method: "on" | "once",
    event: E,
    listener: Listener<E>,
  ): Promise<() => void>;
  <E extends EventName>(method: "off", event: E, listener: Listener<E>): Promise<void>;
  <F extends keyof Facts>(method: "get", fact: F): Promise<Facts[F]>;
  <M extends Exclude<MethodName, "on" | "once" | "off" | "get">>(
    method: M,
    ...args: Parameters<Methods[M]>
  ): Promise<ReturnType<Methods[M]>>;
}
