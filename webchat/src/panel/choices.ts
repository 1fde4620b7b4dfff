import { visitorName } from "@chorus/sdk/session-key";
import { stored } from "../loader/identity";

type Choice = "open" | "mute" | "left" | "draft" | "tray";

/**
 * Small things of a visitor that outlive a page; kept only once they have opened the chat. Where
 * there is no storage they are forgotten: the chat itself says so.
 */
export class Choices {
  /** What the names of all of them begin with. */
  readonly prefix: string;
  /** The words that this page is about to hand over. */
  readonly own = new Map<Held, string>();
  #lastMs = 0;

  constructor(key: string, scope: string) {
    this.prefix = `${visitorName(key, scope)}:`;
  }

  get(name: Choice | Held): string | null {
    return stored((storage) => storage.getItem(this.prefix + name)) ?? null;
  }

  set(name: Choice | Held, value: string): void {
    stored((storage) => storage.setItem(this.prefix + name, value));
  }

  /** Keep what is being said, at once; answers the name of it, which no other page gives. */
  hold(word: { readonly text: string }): Held {
    this.#lastMs = Math.max(this.#lastMs + 1, Date.now());
    const drawn = crypto.getRandomValues(new Uint32Array(2));
    const name: Held = `held-${this.#lastMs}-${drawn.join("-")}`;
    this.own.set(name, word.text);
    this.set(name, JSON.stringify(word));
    return name;
  }

  drop(name: Held): void {
    this.own.delete(name);
    stored((storage) => storage.removeItem(this.prefix + name));
  }
}

/** Name of a word that was said, but is not safe yet: when, and eight bytes that were drawn. */
export type Held = `held-${string}`;
