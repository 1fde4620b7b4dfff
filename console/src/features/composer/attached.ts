import { type AgentClient, asChorusError } from "@chorus/sdk";
import { uploadFile } from "@chorus/sdk/uploads";
import { uuid7 } from "@chorus/sdk/uuid7";
import type { QueryClient } from "@tanstack/react-query";
import { create } from "zustand";
import { filesOf, setFiles } from "../../shared/drafts/drafts";
import { fileQuery, isPicture, MAX_FILES } from "../../shared/files/cards";

/** A file on its way to the server, or one that did not get there. */
export interface Attaching {
  readonly id: string;
  /** The draft it is for. */
  readonly draft: string;
  readonly name: string;
  readonly size: number;
  readonly mime: string;
  readonly status: "sending" | "failed" | "refused";
  /** How much has left, from 0 to 1. */
  readonly share: number;
  /** What the server said. */
  readonly reason: string;
  /** A picture as it lies here, until the server has it. */
  readonly preview: string | null;
}

export interface Limits {
  readonly maxBytes: number;
  readonly types: readonly string[];
}

/** Why files are not even tried. */
export type Refusal = "tooMany" | "tooBig" | "empty";

interface AttachingStore {
  readonly all: readonly Attaching[];
}

export interface Carrier {
  readonly client: AgentClient;
  readonly cache: QueryClient;
  readonly conv: string;
  readonly draft: string;
}

interface Job {
  readonly file: File;
  readonly carrier: Carrier;
  stop: AbortController;
}

export const useAttaching = create<AttachingStore>(() => ({ all: [] }));
/** They go on while another conversation is open. */
const jobs = new Map<string, Job>();

/** Begin to send files; answers why some stay behind. */
export function attach(carrier: Carrier, files: readonly File[], limits?: Limits): Set<Refusal> {
  const { draft } = carrier;
  const refusals = new Set<Refusal>();
  for (const file of files) {
    const refusal = refusalOf(file, countOf(draft), limits);
    if (refusal !== null) refusals.add(refusal);
    else begin(carrier, file);
  }
  return refusals;
}

export function refusalOf(
  { size }: Pick<File, "size">,
  count: number,
  limits?: Pick<Limits, "maxBytes">,
): Refusal | null {
  if (count >= MAX_FILES) return "tooMany";
  if (size === 0) return "empty";
  return limits !== undefined && size > limits.maxBytes ? "tooBig" : null;
}

function countOf(draft: string): number {
  const underWay = useAttaching.getState().all.filter((one) => one.draft === draft);
  return filesOf(draft).length + underWay.length;
}

/** Try one again that did not get there; the server takes it for the same file. */
export function retryAttaching(id: string): void {
  if (jobs.has(id)) void carry(id);
}

/** Give one up, or take one out of the draft. */
export function detach(draft: string, id: string): void {
  forget(id)?.stop.abort();
  const files = filesOf(draft);
  if (files.includes(id)) setFiles(draft, without(files, id));
}

function begin(carrier: Carrier, file: File): void {
  const id = uuid7();
  const { name, size, type: mime } = file;
  const preview = isPicture(mime) ? URL.createObjectURL(file) : null;
  const row = { id, draft: carrier.draft, name, size, mime, preview };
  jobs.set(id, { file, carrier, stop: new AbortController() });
  useAttaching.setState(({ all }) => ({
    all: [...all, { ...row, status: "sending", share: 0, reason: "" }],
  }));
  void carry(id);
}

async function carry(id: string): Promise<void> {
  const job = jobs.get(id);
  if (job === undefined) return;
  const { file, carrier } = job;
  const { client, cache, conv, draft } = carrier;
  job.stop = new AbortController();
  const { signal } = job.stop;
  change(id, { status: "sending", share: 0, reason: "" });
  const onProgress = (share: number) => change(id, { share });
  const upload = { id, file, name: file.name, onProgress, signal };
  try {
    const link = await uploadFile(client.access(conv), upload);
    // Whoever gave it up in the last moment does not want it.
    if (forget(id) === undefined) return;
    cache.setQueryData(fileQuery(client, id).queryKey, link);
    setFiles(draft, [...without(filesOf(draft), id), id]);
  } catch (cause) {
    const { message, status } = asChorusError(cause);
    change(id, { status: isPassing(status) ? "failed" : "refused", reason: message });
  }
}

/** No network, too fast, too much at once, or a fault: it may work in a moment. */
export function isPassing(status: number): boolean {
  return status === 0 || status === 408 || status === 429 || status >= 500;
}

function change(id: string, part: Partial<Attaching>): void {
  useAttaching.setState(({ all }) => ({
    all: all.map((one) => (one.id === id ? { ...one, ...part } : one)),
  }));
}

function forget(id: string): Job | undefined {
  const job = jobs.get(id);
  jobs.delete(id);
  const { all } = useAttaching.getState();
  const preview = all.find((one) => one.id === id)?.preview;
  if (preview != null) URL.revokeObjectURL(preview);
  useAttaching.setState({ all: all.filter((one) => one.id !== id) });
  return job;
}

function without(files: readonly string[], id: string): string[] {
  return files.filter((one) => one !== id);
}
