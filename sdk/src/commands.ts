import { ChorusError } from "./errors";
import type { ClientFrameOf, CommandEvent, ServerData } from "./frames";
import type { ClientFrame } from "./wire.gen";

/** A wish that is no message. Its id makes a repetition harmless for 24 hours. */
export interface Command {
  readonly id: string;
  readonly event: CommandEvent;
  readonly data: Readonly<Record<string, unknown>>;
}

interface Waiting extends Command {
  sent: boolean;
  resolve(seq: number | null): void;
  reject(cause: ChorusError): void;
}

const RETRY_MS = 1_000;

/** Commands that wait for their answer; they leave again, with the same id, on a new socket. */
export class Commands {
  readonly #waiting = new Map<string, Waiting>();
  readonly #retries = new Set<ReturnType<typeof setTimeout>>();
  readonly #retry: () => void;

  /** `retry` is called when a refused command may leave again. */
  constructor(retry: () => void) {
    this.#retry = retry;
  }

  /** Resolves with the place of the event it made, if it made one; rejects with the nack. */
  add(command: Command): Promise<number | null> {
    return new Promise((resolve, reject) => {
      this.#waiting.set(command.id, { ...command, sent: false, resolve, reject });
    });
  }

  has(id: string): boolean {
    return this.#waiting.has(id);
  }

  send(send: (frame: ClientFrame) => boolean, nextRef: () => number): void {
    for (const command of this.#waiting.values()) {
      if (command.sent) continue;
      const { event, id, data } = command;
      const frame = { event, ref: nextRef(), data: { ...data, id } };
      command.sent = send(frame as ClientFrameOf<CommandEvent>);
    }
  }

  /** A new socket knows nothing of what the old one carried. */
  rewind(): void {
    for (const command of this.#waiting.values()) command.sent = false;
  }

  settle({ id, seq }: ServerData<"delivered">): void {
    this.#take(id)?.resolve(seq ?? null);
  }

  refuse(nack: ServerData<"nack">): void {
    const command = nack.id === undefined ? undefined : this.#waiting.get(nack.id);
    if (command === undefined) return;
    if (nack.retryable) return this.#retryLater(command, nack.retry_after_ms ?? RETRY_MS);
    this.#take(command.id)?.reject(new ChorusError(nack.code, nack.reason));
  }

  close(): void {
    for (const timer of this.#retries) clearTimeout(timer);
    for (const command of this.#waiting.values()) {
      command.reject(new ChorusError("CLOSED", "This conversation was closed here."));
    }
    this.#waiting.clear();
  }

  #take(id: string): Waiting | undefined {
    const command = this.#waiting.get(id);
    this.#waiting.delete(id);
    return command;
  }

  #retryLater(command: Waiting, afterMs: number): void {
    const timer = setTimeout(() => {
      this.#retries.delete(timer);
      command.sent = false;
      this.#retry();
    }, afterMs);
    this.#retries.add(timer);
  }
}
