import type { Chorus, Settings, User } from "../../webchat/src/api.ts";
import { loadChorus, type Source } from "./chorus.ts";
import { Watched } from "./watched.ts";

type Call = (...call: unknown[]) => Promise<unknown>;
type Chosen = Readonly<Record<string, unknown>>;

/**
 * The one chat of a page, whoever of its components speaks of it.
 *
 * Components come and go, also twice in a row, so nothing here depends on how often: settings are
 * told when they differ, and the chat hides only if nobody wants it any more.
 */
export class TheChat {
  readonly #coming: Promise<Call>;
  #arrive: (call: Call) => void = () => undefined;
  #wanted = 0;
  #hidden = false;
  #told: Chosen | undefined;
  #person = "";

  /** Waits until some component has said where the widget comes from. */
  readonly chorus = (async (...call: unknown[]) => (await this.#coming)(...call)) as Chorus;
  readonly facts = new Watched(this.chorus, () => this.#told !== undefined);

  constructor() {
    this.#coming = new Promise((resolve) => {
      this.#arrive = resolve;
    });
  }

  /** A component wants the chat; answers how it says that it does no longer. */
  want(source: Source): () => void {
    this.#arrive(loadChorus(source) as unknown as Call);
    this.#wanted += 1;
    if (this.#hidden) void this.chorus("show");
    this.#hidden = false;
    return () => {
      this.#wanted -= 1;
      // React takes a component away and puts it back within one task.
      queueMicrotask(() => this.#leave());
    };
  }

  /** `person` differs between people; `user` is told when it does. */
  choose(settings: Settings, person: string): void {
    const { user, ...chosen } = settings;
    if (this.#told === undefined) {
      void this.chorus("boot", settings);
    } else {
      if (person !== this.#person) void this.chorus("identify", user ?? ({} satisfies User));
      const gone = Object.keys(this.#told).filter((name) => !(name in chosen));
      const changed = { ...Object.fromEntries(gone.map((name) => [name, undefined])), ...chosen };
      if (spelled(this.#told) !== spelled(chosen))
        void this.chorus("update", changed as Partial<Settings>);
    }
    this.#told = chosen;
    this.#person = person;
  }

  #leave(): void {
    if (this.#wanted > 0 || this.#hidden) return;
    this.#hidden = true;
    void this.chorus("close");
    void this.chorus("hide");
  }
}

function spelled(chosen: Chosen): string {
  return JSON.stringify(Object.entries(chosen).sort(([a], [b]) => (a < b ? -1 : 1)));
}
