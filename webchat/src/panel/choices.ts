import { visitorName } from "@chorus/sdk/session-key";
import { readableStorage } from "../loader/identity";

type Choice = "open" | "mute" | "left";

/** Small choices that outlive a page; kept only once the visitor has opened the chat. */
export class Choices {
  readonly storage = readableStorage();
  readonly #name: string;

  constructor(key: string, scope: string) {
    this.#name = visitorName(key, scope);
  }

  get(name: Choice): string | null {
    return this.storage.getItem(`${this.#name}:${name}`);
  }

  set(name: Choice, value: string): void {
    try {
      localStorage.setItem(`${this.#name}:${name}`, value);
    } catch {
      // A browser without storage forgets; the chat itself says so.
    }
  }
}
