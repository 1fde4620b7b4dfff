import type { Conversation } from "./conversation";
import type { OutboxEntry } from "./outbox";

/** What outlives a reload: unsent messages, and the last seen transcript of each conversation. */
export interface Store {
  /** False when the browser gives no storage; then nothing outlives the page. */
  readonly persistent: boolean;
  entries(): Promise<OutboxEntry[]>;
  putEntry(entry: OutboxEntry): Promise<void>;
  deleteEntry(id: string): Promise<void>;
  transcript(conv: string): Promise<Conversation | undefined>;
  putTranscript(transcript: Conversation): Promise<void>;
  /** Forget everything: the person signed out or started over. */
  clear(): Promise<void>;
  close(): void;
}

const OPEN_TIMEOUT_MS = 2_000;
const OUTBOX = "outbox";
const TRANSCRIPTS = "transcripts";

/** Open the IndexedDB store of this name, or a memory one where the browser has none to give. */
export async function openStore(
  name: string,
  factory: IDBFactory | undefined = globalThis.indexedDB,
): Promise<Store> {
  if (factory === undefined) return new MemoryStore();
  try {
    return new IndexedStore(await openDatabase(factory, name));
  } catch {
    // Private mode, blocked storage or a broken profile: the chat must still work.
    return new MemoryStore();
  }
}

export class MemoryStore implements Store {
  readonly persistent = false;
  readonly #entries = new Map<string, OutboxEntry>();
  readonly #transcripts = new Map<string, Conversation>();

  async entries(): Promise<OutboxEntry[]> {
    return [...this.#entries.values()];
  }

  async putEntry(entry: OutboxEntry): Promise<void> {
    this.#entries.set(entry.id, entry);
  }

  async deleteEntry(id: string): Promise<void> {
    this.#entries.delete(id);
  }

  async transcript(conv: string): Promise<Conversation | undefined> {
    return this.#transcripts.get(conv);
  }

  async putTranscript(transcript: Conversation): Promise<void> {
    this.#transcripts.set(transcript.id, transcript);
  }

  async clear(): Promise<void> {
    this.#entries.clear();
    this.#transcripts.clear();
  }

  close(): void {}
}

class IndexedStore implements Store {
  persistent = true;
  readonly #db: IDBDatabase;

  constructor(db: IDBDatabase) {
    this.#db = db;
    // Another tab wants to delete or upgrade: let go at once instead of blocking it.
    db.onversionchange = () => this.#fail();
    db.onclose = () => this.#fail();
  }

  async entries(): Promise<OutboxEntry[]> {
    const read = this.#run<OutboxEntry[]>(OUTBOX, "readonly", (store) => store.getAll());
    return (await read) ?? [];
  }

  async putEntry(entry: OutboxEntry): Promise<void> {
    await this.#run(OUTBOX, "readwrite", (store) => store.put(entry));
  }

  async deleteEntry(id: string): Promise<void> {
    await this.#run(OUTBOX, "readwrite", (store) => store.delete(id));
  }

  async transcript(conv: string): Promise<Conversation | undefined> {
    return this.#run<Conversation>(TRANSCRIPTS, "readonly", (store) => store.get(conv));
  }

  async putTranscript(transcript: Conversation): Promise<void> {
    await this.#run(TRANSCRIPTS, "readwrite", (store) => store.put(transcript));
  }

  async clear(): Promise<void> {
    await this.#run(OUTBOX, "readwrite", (store) => store.clear());
    await this.#run(TRANSCRIPTS, "readwrite", (store) => store.clear());
  }

  close(): void {
    this.#db.close();
  }

  #fail(): void {
    this.persistent = false;
    this.#db.close();
  }

  /** Run one request. A full or vanished disk makes the store forgetful, never the chat silent. */
  async #run<T>(
    name: string,
    mode: IDBTransactionMode,
    act: (store: IDBObjectStore) => IDBRequest<T | undefined> | IDBRequest,
  ): Promise<T | undefined> {
    if (!this.persistent) return undefined;
    try {
      const transaction = this.#db.transaction(name, mode);
      const request = act(transaction.objectStore(name));
      // Without this a reload in the same moment takes back what was just written.
      transaction.commit();
      await committed(transaction);
      return request.result as T | undefined;
    } catch {
      this.persistent = false;
      return undefined;
    }
  }
}

function committed(transaction: IDBTransaction): Promise<void> {
  return new Promise((resolve, reject) => {
    transaction.oncomplete = () => resolve();
    transaction.onabort = () => reject(transaction.error);
    transaction.onerror = () => reject(transaction.error);
  });
}

function openDatabase(factory: IDBFactory, name: string): Promise<IDBDatabase> {
  return new Promise((resolve, reject) => {
    const request = factory.open(name, 1);
    // Some browsers never answer after a crash of their storage process.
    const timer = setTimeout(() => reject(new Error("storage does not answer")), OPEN_TIMEOUT_MS);
    request.onupgradeneeded = () => {
      request.result.createObjectStore(OUTBOX, { keyPath: "id" });
      request.result.createObjectStore(TRANSCRIPTS, { keyPath: "id" });
    };
    request.onsuccess = () => {
      clearTimeout(timer);
      resolve(request.result);
    };
    request.onerror = () => {
      clearTimeout(timer);
      reject(request.error);
    };
  });
}
