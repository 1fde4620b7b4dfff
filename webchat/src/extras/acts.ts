import { ChorusError } from "@chorus/sdk/errors";
import type { Attributes, MethodName, View } from "../api";
import type { Scene } from "../panel/scene";
import { describe } from "./describe";
import { requestHuman } from "./human";
import { popOut } from "./popout";

/** Attributes that a page may keep with a contact, and how long each may be. */
const MAX_ATTRIBUTES = 50;
const MAX_CHARS = 255;
const MAX_EVENTS = 20;

interface NewConversation {
  readonly message?: string;
  readonly queue?: string;
  readonly attrs?: Attributes;
}

type Act = (scene: Scene, ...args: never[]) => unknown;

const ACTS: Readonly<Partial<Record<MethodName, Act>>> = {
  open: show,
  popout: popOut,
  newConversation,
  openConversation,
  prefill: (scene: Scene, text: string) => {
    // Not kept: the visitor has not written it, and may not even have opened the chat.
    scene.draft = String(text);
    scene.changed();
  },
  send,
  requestHuman,
  setAttributes: (scene: Scene, given: { contact?: Attributes; conversation?: Attributes }) =>
    attribute(scene, { ...given.contact, ...given.conversation }),
  removeAttributes: (scene: Scene, names: readonly string[]) =>
    attribute(scene, Object.fromEntries(names.map((name) => [name, null]))),
  addTags: (scene: Scene, tags: readonly string[]) =>
    keepTags(scene, (known) => [...new Set([...known, ...tags])]),
  removeTags: (scene: Scene, tags: readonly string[]) =>
    keepTags(scene, (known) => known.filter((tag) => !tags.includes(tag))),
  track,
  setQueue: (scene: Scene, queue: string | null) => {
    scene.queue = queue ?? undefined;
  },
  mute: (scene: Scene, muted: boolean) => {
    scene.choices.set("mute", muted ? "1" : "0");
    scene.changed();
  },
  markRead: (scene: Scene) => scene.line.client?.markRead(),
};

/** A page is told once of what it got wrong: it may call in a loop. */
const complained = new Set<string>();

/** What pages do seldom, so it is fetched when one does. */
export async function perform(
  scene: Scene,
  method: MethodName,
  args: readonly unknown[],
): Promise<unknown> {
  const act = Object.hasOwn(ACTS, method) ? ACTS[method] : undefined;
  if (act !== undefined) return act(scene, ...(args as never[]));
  if (complained.has(method)) return undefined;
  complained.add(method);
  // biome-ignore lint/suspicious/noConsole: a page's author looks there, and nowhere else.
  console.warn(`chorus: there is no '${method}'`);
  throw new Error(`Chorus knows no '${method}'`);
}

async function show(scene: Scene, view: View): Promise<void> {
  if (view === "new") await newConversation(scene);
  else if (view !== "menu" && view !== "chat") {
    throw new ChorusError("UNKNOWN_VIEW", `There is no view '${view}'.`);
  }
  scene.menu = view === "menu";
  scene.changed();
}

async function newConversation(scene: Scene, options: NewConversation = {}): Promise<void> {
  if (options.queue !== undefined) scene.queue = options.queue;
  if (scene.state.conversation !== null) await (await scene.line.open()).startOver(options.attrs);
  else if (options.attrs !== undefined) await attribute(scene, options.attrs);
  if (options.message !== undefined) await send(scene, options.message);
}

async function openConversation(scene: Scene, id: string): Promise<boolean> {
  if (scene.state.conversation?.id === id) return true;
  return scene.isKnown() && (await scene.line.open()).goTo(id);
}

/** A page must not speak in the name of a visitor who has done nothing. */
async function send(scene: Scene, text: string): Promise<string> {
  if (navigator.userActivation?.hasBeenActive === false) {
    throw new ChorusError("NO_GESTURE", "Chorus('send') needs a click or a key of the visitor.");
  }
  if (scene.gate !== null) {
    throw new ChorusError("NOT_YET", "The visitor has not finished the form before the chat.");
  }
  return scene.say(String(text));
}

async function attribute(scene: Scene, attributes: Attributes): Promise<void> {
  const known = { ...scene.line.traits.attributes, ...attributes };
  const long = Object.entries(attributes).find(([, value]) => String(value).length > MAX_CHARS);
  if (long !== undefined || Object.keys(known).length > MAX_ATTRIBUTES) {
    const limit = `${MAX_ATTRIBUTES} attributes of ${MAX_CHARS} characters`;
    throw new ChorusError("TOO_LARGE", `A contact may have ${limit}.`);
  }
  await describe(scene.line, { attributes });
}

async function keepTags(
  scene: Scene,
  change: (known: readonly string[]) => readonly string[],
): Promise<void> {
  const known = scene.line.traits.attributes?.tags;
  const tags = change(typeof known === "string" && known !== "" ? known.split(", ") : []);
  await attribute(scene, { tags: tags.join(", ") });
}

/** The last few things that happened on the page, newest first, for the agent who answers. */
async function track(scene: Scene, event: string, props: Attributes = {}): Promise<void> {
  const known = scene.line.traits.attributes?.events;
  const told = { event, atMs: Date.now(), ...props };
  const events = [told, ...(Array.isArray(known) ? known : [])].slice(0, MAX_EVENTS);
  await describe(scene.line, { attributes: { events } });
}
