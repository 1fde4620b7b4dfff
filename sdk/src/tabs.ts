import { asChorusError, ChorusError } from "./errors";
import { Leadership } from "./leader";
import { uuid4 } from "./uuid7";

/** What the leading tab does for all: each act may be called from any tab. */
// biome-ignore lint/suspicious/noExplicitAny: the arguments are typed by each Acts interface.
export type ActsShape = Record<string, (...args: any[]) => Promise<unknown>>;

export interface TabsOptions<Acts> {
  readonly name: string;
  /** Begin to lead; the acts of this tab answer from now on. */
  lead(): Acts;
  /** Stop leading; another tab does. */
  resign(): void;
  /** A part of the shared state is new. Called in every tab, the leading one included. */
  onSlice(key: string, value: unknown): void;
  /** Something happened that is no state. Called in every tab. */
  onSignal(name: string, payload: unknown): void;
  readonly locks?: LockManager | undefined;
  readonly openChannel?: ((name: string) => BroadcastChannel) | undefined;
}

type Letter =
  | { readonly kind: "call"; readonly id: string; readonly act: string; readonly args: unknown[] }
  | { readonly kind: "answer"; readonly id: string; readonly value: unknown }
  | { readonly kind: "refusal"; readonly id: string; readonly code: string; readonly text: string }
  | { readonly kind: "slice"; readonly key: string; readonly value: unknown }
  | { readonly kind: "signal"; readonly name: string; readonly payload: unknown }
  | { readonly kind: "joined" }
  | { readonly kind: "leads" }
  | { readonly kind: "alive" };

interface OpenCall {
  readonly act: string;
  readonly args: unknown[];
  resolve(value: never): void;
  reject(cause: ChorusError): void;
}

/** A leader that keeps silent for this long is frozen or gone. */
export const LEADER_PATIENCE_MS = 3_000;
const MAX_REMEMBERED = 500;

/**
 * The tabs of one browser as one client: one leads and owns the socket, all see its state.
 *
 * Acts must be idempotent by their arguments: a call whose leader vanished is made again to the
 * next one.
 */
export class Tabs<Acts extends object> {
  readonly #options: TabsOptions<Acts>;
  readonly #channel: BroadcastChannel | undefined;
  readonly #leadership: Leadership;
  readonly #slices = new Map<string, unknown>();
  readonly #calls = new Map<string, OpenCall>();
  readonly #performed = new Map<string, Promise<unknown>>();
  #acts: Acts | undefined;
  #joined = false;
  #patience: ReturnType<typeof setTimeout> | undefined;

  constructor(options: TabsOptions<Acts>) {
    this.#options = options;
    // An election without a channel would leave followers deaf, and a channel without an
    // election would let leaders overhear each other: it is both or none.
    const { openChannel } = options;
    const locks = openChannel === undefined ? undefined : options.locks;
    this.#channel = locks === undefined ? undefined : openChannel?.(options.name);
    if (this.#channel !== undefined) {
      this.#channel.onmessage = ({ data }) => this.#onLetter(data as Letter);
    }
    this.#leadership = new Leadership(options.name, locks, {
      lead: () => this.#lead(),
      lost: () => this.#resign(),
    });
  }

  get isLeader(): boolean {
    return this.#acts !== undefined;
  }

  /** Stand for election, and hear of the state if another tab leads already. */
  join(): void {
    this.#joined = true;
    this.#leadership.join();
    if (!this.isLeader) this.#post({ kind: "joined" });
  }

  /** Have the leading tab do something, be it this one or another. */
  call<K extends keyof Acts & string>(act: K, ...args: ArgsOf<Acts[K]>): ResultOf<Acts[K]> {
    if (this.#acts !== undefined) return this.#perform(act, args) as ResultOf<Acts[K]>;
    const id = uuid4();
    const answer = new Promise((resolve, reject) => {
      this.#calls.set(id, { act, args, resolve, reject });
    });
    this.#post({ kind: "call", id, act, args });
    if (this.#joined) this.#expectLife();
    return answer as ResultOf<Acts[K]>;
  }

  /** Make sure that somebody leads who answers. */
  checkLeader(): void {
    if (this.isLeader || !this.#joined) return;
    this.#post({ kind: "joined" });
    this.#expectLife();
  }

  /** The leader shares a part of its state. */
  publish(key: string, value: unknown): void {
    this.#slices.set(key, value);
    this.#post({ kind: "slice", key, value });
    this.#options.onSlice(key, value);
  }

  signal(name: string, payload: unknown): void {
    this.#post({ kind: "signal", name, payload });
    this.#options.onSignal(name, payload);
  }

  close(): void {
    clearTimeout(this.#patience);
    this.#resign();
    this.#leadership.leave();
    this.#channel?.close();
    for (const call of this.#calls.values()) call.reject(closed());
    this.#calls.clear();
  }

  #lead(): void {
    clearTimeout(this.#patience);
    this.#acts = this.#options.lead();
    this.#post({ kind: "leads" });
    for (const [id, { act, args, resolve, reject }] of this.#calls) {
      this.#calls.delete(id);
      this.#perform(act, args).then(resolve as (value: unknown) => void, (cause) =>
        reject(asChorusError(cause)),
      );
    }
  }

  #resign(): void {
    if (this.#acts === undefined) return;
    this.#acts = undefined;
    this.#options.resign();
  }

  async #perform(act: string, args: unknown[]): Promise<unknown> {
    const acts = this.#acts as unknown as ActsShape;
    const perform = Object.hasOwn(acts, act) ? acts[act] : undefined;
    if (perform === undefined) throw new ChorusError("UNKNOWN_ACT", `No such act: ${act}`);
    return perform(...args);
  }

  #onLetter(letter: Letter): void {
    switch (letter.kind) {
      case "call":
        return this.isLeader ? void this.#answer(letter) : undefined;
      case "joined":
        return this.#welcome();
      case "slice":
        this.#heardLeader();
        if (!this.isLeader) this.#options.onSlice(letter.key, letter.value);
        return;
      case "signal":
        return this.#options.onSignal(letter.name, letter.payload);
      case "alive":
        return this.#heardLeader();
      case "leads":
        return this.#repeatCalls();
      default:
        return this.#settle(letter);
    }
  }

  async #answer({ id, act, args }: Letter & { kind: "call" }): Promise<void> {
    this.#post({ kind: "alive" });
    try {
      this.#post({ kind: "answer", id, value: await this.#performOnce(id, act, args) });
    } catch (cause) {
      const { code, message } = asChorusError(cause);
      this.#post({ kind: "refusal", id, code, text: message });
    }
  }

  /** The same call may come twice: once by itself, once again when a new leader made itself known. */
  #performOnce(id: string, act: string, args: unknown[]): Promise<unknown> {
    const known = this.#performed.get(id);
    if (known !== undefined) return known;
    const performance = this.#perform(act, args);
    this.#performed.set(id, performance);
    const [oldest] = this.#performed.keys();
    if (this.#performed.size > MAX_REMEMBERED && oldest !== undefined) {
      this.#performed.delete(oldest);
    }
    return performance;
  }

  #settle(letter: Letter & { kind: "answer" | "refusal" }): void {
    this.#heardLeader();
    const call = this.#calls.get(letter.id);
    if (call === undefined) return;
    this.#calls.delete(letter.id);
    if (letter.kind === "answer") call.resolve(letter.value as never);
    else call.reject(new ChorusError(letter.code, letter.text));
  }

  #welcome(): void {
    if (!this.isLeader) return;
    this.#post({ kind: "alive" });
    for (const [key, value] of this.#slices) this.#post({ kind: "slice", key, value });
  }

  #repeatCalls(): void {
    this.#heardLeader();
    for (const [id, { act, args }] of this.#calls) this.#post({ kind: "call", id, act, args });
  }

  #expectLife(): void {
    this.#patience ??= setTimeout(() => {
      this.#patience = undefined;
      this.#leadership.seize();
    }, LEADER_PATIENCE_MS);
  }

  #heardLeader(): void {
    clearTimeout(this.#patience);
    this.#patience = undefined;
  }

  #post(letter: Letter): void {
    this.#channel?.postMessage(letter);
  }
}

type ArgsOf<F> = F extends (...args: infer A) => unknown ? A : never;
type ResultOf<F> = F extends (...args: never[]) => infer R ? R : never;

function closed(): ChorusError {
  return new ChorusError("CLOSED", "This client was closed.");
}
