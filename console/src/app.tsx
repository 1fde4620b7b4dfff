import {
  type AgentAuth,
  type AgentClient,
  type AgentProfile,
  createAgentClient,
} from "@chorus/sdk";
import { useEffect, useState } from "react";
import { Shell } from "./shell";
import { SignIn } from "./sign-in";

/** Signed out: the form. Signed in: one client for as long as the agent stays. */
export function App({ auth }: { readonly auth: AgentAuth }) {
  const [agent, setAgent] = useState<AgentProfile | undefined>(auth.agent);
  const client = useClient(auth, agent);
  if (agent === undefined) return <SignIn auth={auth} onSignedIn={setAgent} />;
  if (client === undefined) return null;
  const signOut = () => {
    void client.reset();
    void auth.signOut();
    setAgent(undefined);
  };
  return <Shell client={client} agent={agent} onSignOut={signOut} />;
}

function useClient(auth: AgentAuth, agent: AgentProfile | undefined): AgentClient | undefined {
  const [client, setClient] = useState<AgentClient>();
  const id = agent?.id;
  useEffect(() => {
    if (id === undefined) return;
    const opened = createAgentClient({ apiBase: "", token: auth.credentials, scope: id });
    setClient(opened);
    return () => {
      opened.close();
      setClient(undefined);
    };
  }, [auth, id]);
  return client;
}
