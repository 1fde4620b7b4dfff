import {
  type AgentAuth,
  type AgentClient,
  type AgentProfile,
  createAgentClient,
} from "@chorus/sdk";
import { type QueryClient, QueryClientProvider } from "@tanstack/react-query";
import { RouterProvider } from "@tanstack/react-router";
import { lazy, Suspense, useEffect, useState } from "react";
import { SignIn } from "../features/sign-in/sign-in";
import { goBack, isArriving } from "../features/sign-in/way-back";
import { roleKey } from "../shared/domain/roles";
import { bindCache, newCache } from "../shared/live/cache";
import { type Session, SessionProvider } from "../shared/live/session";
import { showToast } from "../shared/ui/toasts";
import { useWords } from "../shared/words/words";
import { invitationIn } from "./invitation-link";
import { newRouter } from "./router";

const Invitation = lazy(async () => ({
  default: (await import("../features/invitation/invitation")).Invitation,
}));

/** Signed out: the form. Signed in: one client and one cache for as long as the agent stays. */
export function App({ auth }: { readonly auth: AgentAuth }) {
  const [agent, setAgent] = useState<AgentProfile | undefined>(auth.agent);
  const line = useLine(auth, agent);
  useRole(line?.client, agent, setAgent);
  // Before the router, which reads the address.
  const [arriving, setArriving] = useState(() => isArriving(auth.agent !== undefined));
  const [router] = useState(newRouter);
  const [invitation, setInvitation] = useState(() => invitationIn(location));
  if (invitation !== undefined) {
    const begin = (invited: AgentProfile) => {
      history.replaceState(null, "", "/console");
      setInvitation(undefined);
      setAgent(invited);
    };
    return (
      <Suspense>
        <Invitation auth={auth} token={invitation} onSignedIn={begin} />
      </Suspense>
    );
  }
  if (agent === undefined || arriving) {
    const enter = (known: AgentProfile) => {
      goBack();
      setArriving(false);
      setAgent(known);
    };
    return <SignIn auth={auth} onSignedIn={enter} />;
  }
  if (line === undefined) return null;
  const { client, cache } = line;
  const session: Session = {
    client,
    agent,
    signOut: () => {
      void client.reset();
      void auth.signOut();
      setAgent(undefined);
    },
    // What was written and not sent stays for when they are back.
    signInAgain: () => {
      void auth.signOut();
      setAgent(undefined);
    },
  };
  return (
    <SessionProvider value={session}>
      <QueryClientProvider client={cache}>
        <RouterProvider router={router} />
      </QueryClientProvider>
    </SessionProvider>
  );
}

/** Somebody gave the agent another role: what may be done changes at once, and they are told. */
function useRole(
  client: AgentClient | undefined,
  agent: AgentProfile | undefined,
  change: (agent: AgentProfile) => void,
): void {
  const { t } = useWords();
  useEffect(
    () =>
      client?.on("state", ({ self }) => {
        const role = self?.user.role;
        if (agent === undefined || role === undefined || role === agent.role) return;
        change({ ...agent, role });
        showToast({ id: "role", text: t("roleChanged", { role: t(roleKey(role)) }) });
      }),
    [client, agent, change, t],
  );
}

interface Line {
  readonly client: AgentClient;
  readonly cache: QueryClient;
}

function useLine(auth: AgentAuth, agent: AgentProfile | undefined): Line | undefined {
  const [line, setLine] = useState<Line>();
  const id = agent?.id;
  useEffect(() => {
    if (id === undefined) return;
    const client = createAgentClient({ apiBase: "", token: auth.credentials, scope: id });
    const cache = newCache();
    const release = bindCache(client, cache);
    setLine({ client, cache });
    return () => {
      release();
      client.close();
      cache.clear();
      setLine(undefined);
    };
  }, [auth, id]);
  return line;
}
