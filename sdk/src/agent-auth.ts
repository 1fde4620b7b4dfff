import {
  type Credentials,
  fixedCredentials,
  type KeyValueStorage,
  StoredCredentials,
} from "./credentials";
import { type AgentProfile, type AgentSession, Rest } from "./rest";
import { browserLocks } from "./surroundings";

const KEY = "chorus:agent:session";

/** A button of the sign-in page. */
export interface SignInProvider {
  readonly name: string;
  readonly label: string;
}

/** Sign-in of agents, remembered by the browser and shared by its tabs. */
export class AgentAuth {
  readonly #rest: Rest;
  readonly #stored: StoredCredentials<AgentSession>;

  constructor(apiBase: string, storage: KeyValueStorage) {
    const rest = new Rest(apiBase);
    this.#rest = rest;
    this.#stored = new StoredCredentials<AgentSession>({
      key: KEY,
      storage,
      locks: browserLocks(),
      renew: ({ refreshToken }) => rest.refresh<AgentSession>(refreshToken),
    });
  }

  get agent(): AgentProfile | undefined {
    return this.#stored.session()?.agent;
  }

  get credentials(): Credentials {
    return this.#stored;
  }

  /** Raises ChorusError with the server's own words when it refuses. */
  async signIn(email: string, password: string): Promise<AgentProfile> {
    return this.#keep(await this.#rest.login(email, password));
  }

  /** Sign in with the one-click token of the first-run page; works on loopback only. */
  async signInForDevelopment(token: string): Promise<AgentProfile> {
    return this.#keep(await this.#rest.devLogin(token));
  }

  /** Choose the password of an account one was invited to, and be signed in to it. */
  acceptInvitation(token: string, password: string): Promise<AgentProfile> {
    return this.#exchange("/auth/invite", { token, password });
  }

  /** The identity providers that one may sign in by: `/auth/oidc/{name}` leads there. */
  async providers(): Promise<readonly SignInProvider[]> {
    const ways = await this.#rest.call<{ oidc: readonly SignInProvider[] }>("/auth/methods", {});
    return ways.oidc;
  }

  /** Back from an identity provider: change the code in the page's address for a session. */
  redeem(code: string): Promise<AgentProfile> {
    return this.#exchange("/auth/oidc/token", { code });
  }

  async signOut(): Promise<void> {
    const session = this.#stored.session();
    // Before the server is told: whoever signs in meanwhile stays signed in.
    this.#stored.forget();
    if (session === undefined) return;
    const { refreshToken, token } = session;
    // Signed out here even when the server cannot be told: its session ends by itself.
    await this.#rest.logout(refreshToken, fixedCredentials(token)).catch(() => undefined);
  }

  async #exchange(path: string, body: unknown): Promise<AgentProfile> {
    const answer = await this.#rest.call<AgentSession & { accessToken?: string }>(path, {
      method: "POST",
      body,
    });
    return this.#keep({ ...answer, token: answer.accessToken ?? answer.token });
  }

  #keep(session: AgentSession): AgentProfile {
    this.#stored.save(session);
    return session.agent;
  }
}
