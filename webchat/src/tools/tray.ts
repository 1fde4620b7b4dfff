import { asChorusError, type ChorusError } from "@chorus/sdk/errors";
import { type FileInfo, type FileLink, uploadFile } from "@chorus/sdk/uploads";
import { uuid7 } from "@chorus/sdk/uuid7";
import type { Scene } from "../panel/scene";
import { t } from "../panel/words";
import { sizeName } from "./size-name";

/** What one message can carry. */
export const MAX_FILES = 10;
const WORTH_ANOTHER_TRY: ReadonlySet<number> = new Set([0, 408, 425, 429]);

export interface Item {
  readonly id: string;
  readonly name: string;
  readonly size: number;
  readonly phase: "uploading" | "ready" | "failed";
  /** From 0 to 1. */
  readonly share: number;
  /** Of a failure, in words. */
  readonly reason?: string;
  /** Whether the same file may pass another time. */
  readonly mayRetry?: boolean;
  /** Link to the picture as it is in the browser. */
  readonly preview?: string | undefined;
  readonly info?: FileInfo;
}

interface Kept {
  readonly conv: string | undefined;
  readonly files: readonly FileInfo[];
}

/** Files that the next message takes along: each leaves at once, one after the other. */
export class Tray {
  readonly #scene: Scene;
  readonly #files = new Map<string, File>();
  readonly #ends = new Map<string, AbortController>();
  #last: Promise<void> = Promise.resolve();
  items: readonly Item[] = [];
  #conv: string | undefined;
  /** A sentence about files that were not even taken. */
  refusal = "";

  constructor(scene: Scene) {
    this.#scene = scene;
  }

  /**
   * The conversation that is shown: whatever an earlier page uploaded to it and did not send is
   * here again, and what was meant for another one is uploaded anew.
   */
  enter(conv: string): void {
    const before = this.#conv;
    this.#conv = conv;
    if (before === conv) return;
    const files = [...this.#files.values()];
    for (const { id } of this.items) if (before !== undefined) this.remove(id);
    if (before === undefined)
      this.items = [...this.#remembered(conv).map(readyItem), ...this.items];
    else this.add(files);
    this.#scene.changed();
  }

  /** Take files in; what cannot be sent at all is refused in a sentence. */
  add(files: readonly File[]): void {
    this.refusal = "";
    for (const file of files) {
      if (this.items.length >= MAX_FILES) this.refusal = t("tooMany", { max: MAX_FILES });
      else if (file.size > this.#maxBytes) this.refusal = this.#tooBig(file);
      else this.#begin(file);
    }
    this.#changed();
  }

  /** Send again what failed. */
  retry(id: string): void {
    this.#update(id, { phase: "uploading", share: 0, reason: "" });
    this.#enqueue(id);
  }

  /** Take a file out, whatever becomes of it on the server. */
  remove(id: string): void {
    const { preview } = this.items.find((it) => it.id === id) ?? {};
    if (preview !== undefined) URL.revokeObjectURL(preview);
    this.items = this.items.filter((it) => it.id !== id);
    this.#ends.get(id)?.abort();
    this.#ends.delete(id);
    this.#files.delete(id);
    this.#changed();
  }

  /** True where a message of this text, and of these files, may leave now. */
  mayLeave(text: string): boolean {
    if (this.items.some(({ phase }) => phase === "uploading")) return false;
    return text.trim() !== "" || this.items.some(({ phase }) => phase === "ready");
  }

  /** Hand over what is ready; what failed stays. */
  take(): readonly FileInfo[] | undefined {
    const ready = this.items.flatMap(({ info }) => (info === undefined ? [] : [info]));
    for (const { id } of ready) this.remove(id);
    return ready.length === 0 ? undefined : ready;
  }

  /** The message did not leave. */
  putBack(files: readonly FileInfo[] = []): void {
    this.items = [...files.map(readyItem), ...this.items];
    this.#changed();
  }

  /** The way to the server is open again. */
  resume(): void {
    for (const { id, phase, mayRetry } of this.items) {
      if (phase === "failed" && mayRetry) this.retry(id);
    }
  }

  #begin(file: File): void {
    const id = uuid7();
    const isPicture = /^image\/(?:png|jpeg|gif|webp)$/u.test(file.type);
    const preview = isPicture ? URL.createObjectURL(file) : undefined;
    const { name, size } = file;
    this.items = [...this.items, { id, name, size, preview, phase: "uploading", share: 0 }];
    this.#files.set(id, file);
    this.#enqueue(id);
  }

  #enqueue(id: string): void {
    this.#last = this.#last.then(() => this.#upload(id));
  }

  async #upload(id: string): Promise<void> {
    const file = this.#files.get(id);
    if (file === undefined) return;
    const end = new AbortController();
    this.#ends.set(id, end);
    try {
      const client = await this.#scene.line.open();
      const info = await uploadFile(await client.access(), {
        id,
        file,
        name: file.name,
        onProgress: (share) => this.#update(id, { share }),
        signal: end.signal,
      });
      this.#onUploaded(id, info);
    } catch (cause) {
      const error = asChorusError(cause);
      const mayRetry = WORTH_ANOTHER_TRY.has(error.status) || error.status >= 500;
      this.#update(id, { phase: "failed", reason: this.#reasonOf(error, file), mayRetry });
    }
  }

  /** In the visitor's language what is common, and the server's words for the rest. */
  #reasonOf({ code, status, message }: ChorusError, file: File): string {
    if (status === 415) return t("fileType");
    if (status === 413) return this.#tooBig(file);
    return code === "UNEXPECTED" || code === "UNREACHABLE" ? t("fileFailed") : message;
  }

  #tooBig({ name }: File): string {
    return t("fileTooBig", { name, size: sizeName(this.#maxBytes) });
  }

  get #maxBytes(): number {
    return this.#scene.told?.files?.maxBytes ?? Number.POSITIVE_INFINITY;
  }

  #onUploaded(id: string, { url: _, expiresAt: __, ...info }: FileLink): void {
    const { name, mime, size } = info;
    this.#update(id, { phase: "ready", share: 1, name, size, info });
    this.#scene.host.emit("file:uploaded", { id, name, mime, size });
  }

  #update(id: string, part: Partial<Item>): void {
    this.items = this.items.map((it) => (it.id === id ? { ...it, ...part } : it));
    this.#changed();
  }

  #changed(): void {
    const files = this.items.flatMap(({ info }) => (info === undefined ? [] : [info]));
    const kept: Kept = { conv: this.#conv, files };
    this.#scene.choices.set("tray", JSON.stringify(kept));
    this.#scene.changed();
  }

  /** What an earlier page uploaded and did not send, of this conversation. */
  #remembered(conv: string): readonly FileInfo[] {
    try {
      const kept = JSON.parse(this.#scene.choices.get("tray") ?? "") as Kept;
      return kept.conv === conv ? kept.files : [];
    } catch {
      return [];
    }
  }
}

function readyItem(info: FileInfo): Item {
  return { id: info.id, name: info.name, size: info.size, phase: "ready", share: 1, info };
}

/** The tray of a scene, made when it is first wanted. */
export function trayOf(scene: Scene): Tray {
  if (scene.tray === undefined) scene.tray = new Tray(scene);
  return scene.tray as Tray;
}

/** What keeps a visitor from sending files here: nothing, or that the inbox does not want them. */
export function takesFiles({ told, settings }: Scene): boolean {
  return told?.files?.enabled === true && settings.features?.upload !== false;
}
