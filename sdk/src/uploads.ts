import type { Credentials } from "./credentials";
import { asChorusError, ChorusError } from "./errors";

/** A file as a message tells of it. */
export interface FileInfo {
  readonly id: string;
  readonly name: string;
  /** What the server found it to be. */
  readonly mime: string;
  /** Bytes. */
  readonly size: number;
  /** Of a picture, in pixels. */
  readonly width?: number;
  readonly height?: number;
}

/** A file with a link that works without a token until it ends. */
export interface FileLink extends FileInfo {
  readonly url: string;
  /** RFC 3339. */
  readonly expiresAt: string;
}

/** Who asks, and of which conversation; `VisitorClient` and `AgentClient` answer it by `access`. */
export interface FileAccess {
  readonly apiBase: string;
  readonly credentials: Credentials;
  readonly conv: string;
}

export interface Upload {
  /** A UUIDv7 of the caller; the same one with the same bytes is the same file, however often. */
  readonly id: string;
  readonly file: Blob;
  readonly name: string;
  /** Called with how much has left, from 0 to 1. */
  readonly onProgress?: ((share: number) => void) | undefined;
  readonly signal?: AbortSignal | undefined;
}

/** Nothing moved for so long: what it went over is dead. */
export const STALLED_AFTER_MS = 30_000;
const LINK_WITHIN_MS = 10_000;

/**
 * Bring a file to the server, for a message to carry. Raises ChorusError: the server's refusal in
 * its words, `UNREACHABLE` where a repetition with the same id may help, `CANCELLED`.
 */
export function uploadFile(access: FileAccess, upload: Upload): Promise<FileLink> {
  return withFreshToken(access, (token) => send(access, upload, token));
}

/** A fresh link to a file of a conversation. */
export function fileLink(access: FileAccess, id: string): Promise<FileLink> {
  return withFreshToken(access, async (token) => {
    const url = `${baseOf(access)}/livechat/attachments/${id}`;
    const signal = AbortSignal.timeout(LINK_WITHIN_MS);
    const headers = { Authorization: `Bearer ${token}` };
    const response = await fetch(url, { headers, signal }).catch(() => undefined);
    if (response === undefined) throw unreachable();
    return answerOf(response.status, await response.text());
  });
}

async function withFreshToken(
  { credentials }: FileAccess,
  ask: (token: string) => Promise<FileLink>,
): Promise<FileLink> {
  try {
    return await ask(credentials.token() ?? (await credentials.refresh()));
  } catch (cause) {
    if (asChorusError(cause).status !== 401) throw cause;
    return ask(await credentials.refresh());
  }
}

/** By XMLHttpRequest: `fetch` does not tell how much has left. */
function send(access: FileAccess, upload: Upload, token: string): Promise<FileLink> {
  const { id, file, name, onProgress, signal } = upload;
  const query = new URLSearchParams({ id, conversationId: access.conv, name });
  const request = new XMLHttpRequest();
  return new Promise<FileLink>((resolve, reject) => {
    const stopWatching = watchStall(request, onProgress);
    request.onload = () => {
      try {
        resolve(answerOf(request.status, request.responseText));
      } catch (cause) {
        reject(cause);
      }
    };
    request.onerror = () => reject(unreachable());
    request.onabort = () => reject(signal?.aborted ? cancelled() : unreachable());
    request.onloadend = stopWatching;
    request.open("POST", `${baseOf(access)}/livechat/attachments?${query}`);
    request.setRequestHeader("Authorization", `Bearer ${token}`);
    request.setRequestHeader("Content-Type", file.type || "application/octet-stream");
    signal?.addEventListener("abort", () => request.abort());
    if (signal?.aborted) reject(cancelled());
    else request.send(file);
  });
}

/** Give up what does not move any more, and tell how far it is; answers how to stop. */
function watchStall(request: XMLHttpRequest, onProgress: Upload["onProgress"]): () => void {
  let timer = setTimeout(() => request.abort(), STALLED_AFTER_MS);
  request.upload.onprogress = ({ loaded, total }) => {
    clearTimeout(timer);
    timer = setTimeout(() => request.abort(), STALLED_AFTER_MS);
    onProgress?.(total === 0 ? 0 : loaded / total);
  };
  return () => clearTimeout(timer);
}

function answerOf(status: number, text: string): FileLink {
  const body = parsed(text);
  if (status >= 200 && status < 300 && typeof body.id === "string") {
    return body as unknown as FileLink;
  }
  const code = typeof body.code === "string" ? body.code : `HTTP_${status}`;
  const said = body.detail ?? body.message ?? body.title ?? "The chat answered with an error.";
  throw new ChorusError(code, String(said), status);
}

/** A proxy or a captive portal answers in HTML. */
function parsed(text: string): Record<string, unknown> {
  try {
    return Object(JSON.parse(text)) as Record<string, unknown>;
  } catch {
    return {};
  }
}

function baseOf({ apiBase }: FileAccess): string {
  return apiBase.replace(/\/+$/u, "");
}

function unreachable(): ChorusError {
  return new ChorusError("UNREACHABLE", "The chat cannot be reached right now.");
}

function cancelled(): ChorusError {
  return new ChorusError("CANCELLED", "This upload was cancelled.");
}
