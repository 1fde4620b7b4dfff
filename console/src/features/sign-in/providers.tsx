import { type AgentAuth, type AgentProfile, asChorusError } from "@chorus/sdk";
import { LogIn } from "lucide-react";
import { useEffect, useState } from "react";
import { type ScreenKey, useScreenWords } from "../../shared/words/screen-words";
import { rememberPlace } from "./way-back";

interface ProvidersProps {
  readonly auth: AgentAuth;
  readonly isBusy: boolean;
  readonly attempt: (act: () => Promise<AgentProfile>) => void;
  readonly onProblem: (problem: string) => void;
}

const REFUSALS: ReadonlySet<string> = new Set([
  "expired",
  "denied",
  "provider",
  "unverified",
  "unknown",
  "other_account",
  "disabled",
  "busy",
]);

/** The other ways in: a button for each identity provider, and what one brings back from there. */
export function Providers({ auth, isBusy, attempt, onProblem }: ProvidersProps) {
  const { t } = useScreenWords();
  const providers = useProviders(auth);
  useAnswer({
    onCode: (code) => attempt(() => auth.redeem(code).catch(asExpired(t("refused-expired")))),
    onRefused: (why) => onProblem(t(refusalKey(why))),
  });
  if (providers.length === 0) return null;
  return (
    <ul className="flex flex-col gap-2 border-t border-line pt-4">
      {providers.map(({ name, label }) => (
        <li key={name}>
          <a
            href={`/auth/oidc/${encodeURIComponent(name)}`}
            aria-disabled={isBusy}
            onClick={rememberPlace}
            className="flex h-10 items-center justify-center gap-2 rounded-md border border-line-strong bg-surface px-3 text-sm font-medium hover:bg-hover"
          >
            <LogIn className="size-4" aria-hidden="true" />
            {t("signInWith", { name: label })}
          </a>
        </li>
      ))}
    </ul>
  );
}

type Listed = Awaited<ReturnType<AgentAuth["providers"]>>;

function useProviders(auth: AgentAuth): Listed {
  const [providers, setProviders] = useState<Listed>([]);
  useEffect(() => {
    let isHere = true;
    // Who cannot be told which other ways there are still has the password.
    auth.providers().then(
      (found) => isHere && setProviders(found),
      () => undefined,
    );
    return () => {
      isHere = false;
    };
  }, [auth]);
  return providers;
}

interface Answer {
  readonly onCode: (code: string) => void;
  readonly onRefused: (why: string) => void;
}

/** `#code=…` or `#refused=…` is read once, and leaves the address at once. */
function useAnswer({ onCode, onRefused }: Answer): void {
  // biome-ignore lint/correctness/useExhaustiveDependencies: an answer is read once, when the page opens.
  useEffect(() => {
    const told = new URLSearchParams(location.hash.slice(1));
    const code = told.get("code");
    const refused = told.get("refused");
    if (code === null && refused === null) return;
    history.replaceState(null, "", location.pathname);
    if (code !== null) onCode(code);
    else if (refused !== null) onRefused(refused);
  }, []);
}

function refusalKey(why: string): ScreenKey {
  return `refused-${REFUSALS.has(why) ? why : "busy"}` as ScreenKey;
}

/** The server says only that a code is not good: here that means one thing. */
function asExpired(sentence: string) {
  return (cause: unknown): never => {
    const error = asChorusError(cause);
    throw error.code === "UNAUTHENTICATED" ? new Error(sentence) : error;
  };
}
