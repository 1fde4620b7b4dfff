import {
  type Credentials,
  fixedCredentials,
  type KeyValueStorage,
  StoredCredentials,
} from "./credentials";
import { type AgentProfile, type AgentSession, Rest } from "./rest";
import { browserLocks } from "./surroundings";

const KEY = "chorus:agent:session";

/** Sign-in answers call the access token `accessToken`; the rest of this client says `token`. */
type Answer = AgentSession & { readonly accessToken?: string };

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
      renew: async ({ refreshToken }) => withToken(await rest.refresh<Answer>(refreshToken)),
    });
  }

  get agent(): AgentProfile | undefined {
    return this.#stored.session()?.agent;
  }

  get credentials(): Credentials {
    return this.#stored;
  }

  /** Raises ChorusError with the server's own words when it refuses. */
  signIn(email: string, password: string): Promise<AgentProfile> {
    return this.#exchange("/auth/login", { email, password });
  }

  /** Sign in with the one-click token of the first-run page; works on loopback only. */
  signInForDevelopment(token: string): Promise<AgentProfile> {
    return this.#exchange("/dev/login", { token });
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
    const call = {
      method: "POST",
      body: { refreshToken },
      credentials: fixedCredentials(token),
    } as const;
    // Signed out here even when the server cannot be told: its session ends by itself.
    await this.#rest.call("/auth/logout", call).catch(() => undefined);
  }

  async #exchange(path: string, body: unknown): Promise<AgentProfile> {
    return this.#keep(withToken(await this.#rest.call<Answer>(path, { method: "POST", body })));
  }

  #keep(session: AgentSession): AgentProfile {
    this.#stored.save(session);
    return session.agent;
  }
}

function withToken(answer: Answer): AgentSession {
  return { ...answer, token: answer.accessToken ?? answer.token };
}
