import { type AgentAuth, type AgentProfile, asChorusError } from "@chorus/sdk";
import { type FormEvent, useState } from "react";
import { Button } from "../../shared/ui/button";
import { Field } from "../../shared/ui/form";
import { Logo } from "../../shared/ui/logo";
import { Loading } from "../../shared/ui/page";
import { useScreenWords } from "../../shared/words/screen-words";

interface InvitationProps {
  readonly auth: AgentAuth;
  readonly token: string;
  readonly onSignedIn: (agent: AgentProfile) => void;
}

const PASSWORD_MIN = 10;

/** Where the link of an invitation leads: choose a password, and be signed in. */
export function Invitation(props: InvitationProps) {
  return (
    <Loading>
      <Form {...props} />
    </Loading>
  );
}

function Form({ auth, token, onSignedIn }: InvitationProps) {
  const { t } = useScreenWords();
  const [password, setPassword] = useState("");
  const [problem, setProblem] = useState<string>();
  const [isBusy, setBusy] = useState(false);
  const submit = async (event: FormEvent) => {
    event.preventDefault();
    setBusy(true);
    try {
      onSignedIn(await auth.acceptInvitation(token, password));
    } catch (cause) {
      setProblem(asChorusError(cause).message);
      setBusy(false);
    }
  };
  return (
    <main className="grid h-full flex-1 place-items-center bg-canvas p-6">
      <form
        onSubmit={(event) => void submit(event)}
        className="flex w-full max-w-sm flex-col gap-4 rounded-2xl border border-line bg-surface p-8 shadow-pop"
      >
        <Logo className="size-10 text-accent" />
        <div>
          <h1 className="text-xl font-semibold">{t("welcome")}</h1>
          <p className="text-sm text-muted">{t("welcomeHint")}</p>
        </div>
        <Field
          label={t("password")}
          hint={t("passwordHint", { count: PASSWORD_MIN })}
          problem={problem}
        >
          {(wiring) => (
            <input
              className="field h-10"
              type="password"
              autoComplete="new-password"
              minLength={PASSWORD_MIN}
              maxLength={200}
              required
              value={password}
              onChange={(event) => setPassword(event.target.value)}
              {...wiring}
            />
          )}
        </Field>
        <Button
          type="submit"
          look="primary"
          className="h-10 justify-center"
          disabled={isBusy || password.length < PASSWORD_MIN}
        >
          {t(isBusy ? "signingIn" : "begin")}
        </Button>
      </form>
    </main>
  );
}
