import type { Chorus, EventName, Facts, Listener } from "../../webchat/src/api.ts";
import { NOTHING_YET } from "./chorus.ts";

/** Events after which a fact may be another one. */
const TELLING: readonly EventName[] = [
  "ready",
  "open",
  "close",
  "unread",
  "connection",
  "availability",
  "identity",
  "conversation:started",
  "conversation:ended",
];
const FACTS = Object.keys(NOTHING_YET) as (keyof Facts)[];

/**
 * The facts of the page's widget, kept up to date for as long as somebody watches.
 *
 * The snapshot is the same object until a fact changes, as `useSyncExternalStore` wants it.
 */
export class Watched {
  readonly #chorus: Chorus;
  readonly #isUp: () => boolean;
  readonly #watchers = new Set<() => void>();
  #facts = NOTHING_YET;
  #reading = false;
  #again = false;

  /** `isUp`: whether the widget was started, so that it can be asked. */
  constructor(chorus: Chorus, isUp: () => boolean) {
    this.#chorus = chorus;
    this.#isUp = isUp;
  }

  readonly snapshot = (): Readonly<Facts> => this.#facts;

  readonly watch = (watcher: () => void): (() => void) => {
    if (this.#watchers.size === 0) this.#begin();
    this.#watchers.add(watcher);
    return () => {
      this.#watchers.delete(watcher);
      if (this.#watchers.size === 0) this.#end();
    };
  };

  #begin(): void {
    for (const event of TELLING) void this.#chorus("on", event, this.#onTold);
    if (this.#isUp()) void this.#read();
  }

  #end(): void {
    for (const event of TELLING) void this.#chorus("off", event, this.#onTold);
  }

  readonly #onTold: Listener<EventName> = () => void this.#read();

  /** Ask for all facts; what is told meanwhile is asked for once more, not once each. */
  async #read(): Promise<void> {
    this.#again = true;
    if (this.#reading) return;
    this.#reading = true;
    while (this.#again) {
      this.#again = false;
      const values = await Promise.all(FACTS.map((fact) => this.#chorus("get", fact)));
      const read = FACTS.map((fact, at) => [fact, values[at] ?? NOTHING_YET[fact]]);
      this.#show(Object.fromEntries(read) as Facts);
    }
    this.#reading = false;
  }

  #show(facts: Facts): void {
    if (FACTS.every((fact) => Object.is(facts[fact], this.#facts[fact]))) return;
    this.#facts = facts;
    for (const watcher of [...this.#watchers]) watcher();
  }
}
