import type { AgentClient, AgentProfile } from "@chorus/sdk";
import { createContext, use } from "react";

/** Who is signed in, and their line to the server. */
export interface Session {
  readonly client: AgentClient;
  readonly agent: AgentProfile;
  /** Leave, and forget everything this browser stored. */
  signOut(): void;
  /** The session is over: ask for the password again and lose nothing. */
  signInAgain(): void;
}

const SessionContext = createContext<Session | null>(null);
export const SessionProvider = SessionContext.Provider;

export function useSession(): Session {
  const session = use(SessionContext);
  if (session === null) throw new Error("there is no session outside of the signed-in pages");
  return session;
}
