import { type AgentAuth, type AgentProfile, asChorusError } from "@chorus/sdk";
import { type FormEvent, Suspense, useEffect, useState } from "react";
import { Button } from "../../shared/ui/button";
import { decoration } from "../../shared/ui/decoration";
import { Logo } from "../../shared/ui/logo";
import { useWords } from "../../shared/words/words";

// Where it cannot be had there are still passwords.
const Providers = decoration(async () => (await import("./providers")).Providers);

interface SignInProps {
  readonly auth: AgentAuth;
  readonly onSignedIn: (agent: AgentProfile) => void;
}

export function SignIn({ auth, onSignedIn }: SignInProps) {
  const { t } = useWords();
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
    // Not in the middle: what comes to stand below must not move the button that is pressed.
    <main className="grid h-full items-start justify-items-center overflow-auto bg-canvas p-6 pt-[12vh]">
      <form
        onSubmit={submit}
        aria-describedby="sign-in-problem"
        className="flex w-full max-w-sm flex-col gap-4 rounded-2xl border border-line bg-surface p-8 shadow-pop"
      >
        <Logo className="size-10 text-accent" />
        <div>
          <h1 className="text-xl font-semibold">{t("signInTitle")}</h1>
          <p className="text-sm text-muted">{t("signInHint")}</p>
        </div>
        <label className="flex flex-col gap-1 text-sm font-medium">
          {t("email")}
          <input
            className="field h-10"
            name="email"
            type="email"
            autoComplete="username"
            required
          />
        </label>
        <label className="flex flex-col gap-1 text-sm font-medium">
          {t("password")}
          <input
            className="field h-10"
            name="password"
            type="password"
            autoComplete="current-password"
            required
          />
        </label>
        <p
          id="sign-in-problem"
          className="text-sm font-medium text-danger empty:hidden"
          role="alert"
        >
          {problem}
        </p>
        <Button type="submit" look="primary" className="h-10 justify-center" disabled={isBusy}>
          {t(isBusy ? "signingIn" : "signIn")}
        </Button>
        <Suspense>
          <Providers
            auth={auth}
            isBusy={isBusy}
            attempt={(act) => void attempt(act)}
            onProblem={setProblem}
          />
        </Suspense>
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
