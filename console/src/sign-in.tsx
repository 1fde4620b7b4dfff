import { type AgentAuth, type AgentProfile, asChorusError } from "@chorus/sdk";
import { type FormEvent, useEffect, useState } from "react";
import { Icon } from "./icon";

interface SignInProps {
  readonly auth: AgentAuth;
  readonly onSignedIn: (agent: AgentProfile) => void;
}

export function SignIn({ auth, onSignedIn }: SignInProps) {
  const [problem, setProblem] = useState("");
  const [isBusy, setIsBusy] = useState(false);
  const attempt = async (act: () => Promise<AgentProfile>) => {
    setIsBusy(true);
    setProblem("");
    try {
      onSignedIn(await act());
    } catch (cause) {
      setProblem(asChorusError(cause).message);
      setIsBusy(false);
    }
  };
  useMagicLink((token) => void attempt(() => auth.signInForDevelopment(token)));
  const submit = (event: FormEvent<HTMLFormElement>) => {
    event.preventDefault();
    const fields = new FormData(event.currentTarget);
    void attempt(() => auth.signIn(String(fields.get("email")), String(fields.get("password"))));
  };
  return (
    <main className="sign-in">
      <form onSubmit={submit} aria-describedby="sign-in-problem">
        <span className="logo">
          <Icon name="logo" size={40} />
        </span>
        <h1>Sign in to Chorus</h1>
        <p className="hint">Answer your customers while they are still there.</p>
        <label>
          E-mail
          <input name="email" type="email" autoComplete="username" required />
        </label>
        <label>
          Password
          <input name="password" type="password" autoComplete="current-password" required />
        </label>
        <p id="sign-in-problem" className="problem" role="alert">
          {problem}
        </p>
        <button type="submit" className="primary" disabled={isBusy}>
          {isBusy ? "Signing in…" : "Sign in"}
        </button>
      </form>
    </main>
  );
}

/** `#dev=<token>` of the first-run page signs in by itself and leaves the address at once. */
function useMagicLink(use: (token: string) => void): void {
  // biome-ignore lint/correctness/useExhaustiveDependencies: a link is used once, when the page opens.
  useEffect(() => {
    if (!location.hash.startsWith("#dev=")) return;
    const token = decodeURIComponent(location.hash.slice("#dev=".length));
    history.replaceState(null, "", location.pathname + location.search);
    use(token);
  }, []);
}
