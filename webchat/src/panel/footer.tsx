import { Composer } from "./composer";
import { useExtras, useScene } from "./use-scene";
import { t } from "./words";

/** What the visitor can do now: write, fill in a form, rate, or begin again. */
export function Footer() {
  const { gate, state, thread, choices } = useScene();
  if (gate === "asking") return <div class="composer" aria-busy="true" />;
  if (gate === "refused") {
    return (
      <p class="composer closed" role="alert">
        {t("refused")}
      </p>
    );
  }
  if (gate !== null) return <Form kind={gate} />;
  const { status, session } = state.conversation ?? {};
  if (status === "closed") return thread === undefined ? null : <thread.Ending />;
  const isLeft = session?.state === "deferred" && choices.get("left") !== session.id;
  return (
    <>
      {isLeft && <Form kind="deferred" key={session.id} />}
      <Composer />
    </>
  );
}

function Form({ kind }: { readonly kind: "prechat" | "offline" | "deferred" }) {
  const extras = useExtras();
  return extras === undefined ? <div class="form" aria-busy="true" /> : <extras.Form kind={kind} />;
}
