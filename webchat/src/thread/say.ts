import type { Traits, VisitorClient } from "@chorus/sdk";
import { ChorusError } from "@chorus/sdk/errors";
import { uuid7Of } from "@chorus/sdk/uuid7";
import type { Attributes } from "../api";
import { storedNames } from "../loader/identity";
import type { Held } from "../panel/choices";
import type { Scene, Word } from "../panel/scene";

/** What nobody sent for so long may be wrong by now. */
const MAX_AGE_MS = 24 * 3_600_000;

/** Say a word that is held under `name`, unless a listener of the page objects. */
export async function say(scene: Scene, name: Held, word: Word): Promise<string> {
  const meta = metaOf(scene, word.text);
  const client = await scene.line.open();
  scene.changed();
  return hand(client, { name, word, meta });
}

/**
 * Say what earlier pages held and could not hand over, in its order and before anything new. Two
 * pages may do so at once, and the page that held it still live: its id is the same everywhere.
 */
export function sayHeld(scene: Scene, client: VisitorClient): void {
  for (const name of leftBehind(scene)) void sayLeft(scene, client, name);
}

function leftBehind({ choices }: Scene): Held[] {
  const names = storedNames(`${choices.prefix}held-`).map((it): Held => `held-${it}`);
  return names.filter((name) => !choices.own.has(name));
}

async function sayLeft(scene: Scene, client: VisitorClient, name: Held): Promise<void> {
  const { choices, line } = scene;
  const word = wordOf(choices.get(name));
  try {
    if (word === undefined) return;
    line.traits = joined(word.traits, line.traits);
    if (atMsOf(name) < Date.now() - MAX_AGE_MS) throw new Error("This was long ago");
    await hand(client, { name, word, meta: metaOf(scene, word.text) });
  } catch {
    // What cannot be said any more goes back to where it was written.
    scene.write([word?.text, scene.draft].filter(Boolean).join("\n"));
  } finally {
    if (!line.isClosed) choices.drop(name);
  }
}

interface Handed {
  readonly name: Held;
  readonly word: Word;
  readonly meta: Attributes;
}

function hand(client: VisitorClient, { name, word, meta }: Handed): Promise<string> {
  const options = {
    files: word.files,
    ...(word.replyTo === undefined ? {} : { reply_to: word.replyTo }),
    ...(Object.keys(meta).length === 0 ? {} : { meta }),
  };
  return client.send(word.text, options, idOf(name));
}

/** What the listeners of the page add. */
function metaOf(scene: Scene, text: string): Attributes {
  const answers = scene.host.emit("before:send", { text });
  if (answers.includes(false)) throw new ChorusError("REFUSED", "The page did not let it pass.");
  const told = answers.filter((it): it is Attributes => typeof it === "object" && it !== null);
  return Object.assign({}, ...told);
}

/** What a name says of when and by whom is enough for an id. */
function idOf(name: Held): string {
  const drawn = name.split("-").slice(2).map(Number);
  return uuid7Of(atMsOf(name), new Uint8Array(new Uint32Array(drawn).buffer));
}

function atMsOf(name: Held): number {
  return Number(name.split("-")[1]);
}

/** Undefined for what something else than this widget has written there. */
function wordOf(json: string | null): Word | undefined {
  try {
    const word = JSON.parse(json ?? "") as Word;
    return typeof word.text === "string" ? word : undefined;
  } catch {
    return undefined;
  }
}

function joined(before: Traits, now: Traits): Traits {
  return { ...before, ...now, attributes: { ...before.attributes, ...now.attributes } };
}
