import { ChorusError } from "./errors";
import { underLock } from "./locks";

/** Where a page keeps small strings. The browser's own storage fits; it may throw at any time. */
export interface KeyValueStorage {
  getItem(key: string): string | null;
  setItem(key: string, value: string): void;
  removeItem(key: string): void;
}

export interface Session {
  readonly token: string;
  readonly refreshToken: string;
  /** RFC 3339, as the server said it. */
  readonly expiresAt: string;
}

/** Refreshing failed for good: the person must sign in, or start over. */
export const SIGNED_OUT = "SIGNED_OUT";

/** Answers of the server after which asking again is of no use. */
const FINAL = [400, 401, 403, 404];

/** Where it is noted that the session of this key is wanted and has not come. */
export function wantedKey(key: string): string {
  return `${key}-wanted`;
}

/** Where access tokens come from. */
export interface Credentials {
  /** A token that is worth trying, or undefined when there is none yet. */
  token(): string | undefined;
  /**
   * Get a new token. Raises ChorusError `SIGNED_OUT` when there is no way to,
   * anything else when it may work later.
   */
  refresh(): Promise<string>;
}

/** A token that somebody else renews. */
export function fixedCredentials(token: string, refresh?: () => Promise<string>): Credentials {
  let current = token;
  return {
    token: () => current,
    refresh: async () => {
      if (refresh === undefined) throw new ChorusError(SIGNED_OUT, "The token has expired.", 401);
      current = await refresh();
      return current;
    },
  };
}

export interface StoredCredentialsOptions<S extends Session> {
  readonly key: string;
  readonly storage: KeyValueStorage;
  readonly renew: (session: S) => Promise<S>;
  readonly locks?: LockManager | undefined;
}

/**
 * A session that all tabs of a browser share.
 *
 * Refresh tokens rotate and a reused one revokes the whole family, so tabs refresh one after
 * the other, and one that finds the session renewed meanwhile takes that.
 */
export class StoredCredentials<S extends Session> implements Credentials {
  readonly #options: StoredCredentialsOptions<S>;
  #fallback: S | undefined;
  #refreshing: Promise<string> | undefined;
  #isOver = false;

  constructor(options: StoredCredentialsOptions<S>) {
    this.#options = options;
  }

  session(): S | undefined {
    const text = attempt(() => this.#options.storage.getItem(this.#options.key));
    return parseSession<S>(text) ?? this.#fallback;
  }

  save(session: S): void {
    if (this.#isOver) return;
    this.#fallback = session;
    this.#put(this.#options.key, JSON.stringify(session));
    this.#put(wantedKey(this.#options.key));
  }

  /** Leave word that a session is wanted, for the next page if this one is left before it comes. */
  want(): void {
    if (this.#isOver || this.session()) return;
    this.#put(wantedKey(this.#options.key), "1");
  }

  forget(): void {
    this.#fallback = undefined;
    this.#put(this.#options.key);
    this.#put(wantedKey(this.#options.key));
  }

  /** Forget it for good: what is still on its way is not kept any more. */
  end(): void {
    this.#isOver = true;
    this.forget();
  }

  token(): string | undefined {
    return this.session()?.token;
  }

  refresh(): Promise<string> {
    this.#refreshing ??= this.#refreshAlone(this.session()?.token).finally(() => {
      this.#refreshing = undefined;
    });
    return this.#refreshing;
  }

  async #refreshAlone(worn: string | undefined): Promise<string> {
    const { locks, key } = this.#options;
    const renew = () => this.#renew(worn);
    return locks === undefined ? renew() : underLock(locks, `${key}:refresh`, {}, renew);
  }

  /** Without a value it is taken away. */
  #put(name: string, value?: string): void {
    const { storage } = this.#options;
    attempt(() => (value ? storage.setItem(name, value) : storage.removeItem(name)));
  }

  async #renew(worn: string | undefined): Promise<string> {
    const session = this.session();
    if (session === undefined) throw new ChorusError(SIGNED_OUT, "Nobody is signed in.", 401);
    if (session.token !== worn) return session.token;
    try {
      const renewed = await this.#options.renew(session);
      this.save({ ...session, ...renewed });
      return renewed.token;
    } catch (cause) {
      if (cause instanceof ChorusError && FINAL.includes(cause.status)) {
        throw new ChorusError(SIGNED_OUT, "This session has ended.", cause.status);
      }
      throw cause;
    }
  }
}

function parseSession<S>(text: string | null | undefined): S | undefined {
  const value = attempt(() => JSON.parse(text ?? "") as Partial<Session>);
  return typeof value?.token === "string" ? (value as S) : undefined;
}

/** Storage may be blocked, full or gone; the page then lives from memory. */
function attempt<T>(act: () => T): T | undefined {
  try {
    return act();
  } catch {
    return undefined;
  }
}
