import { asChorusError } from "@chorus/sdk/errors";
import { useState } from "preact/hooks";
import { MessageSentence } from "../panel/message-sentence";
import { useScene } from "../panel/use-scene";
import { t } from "../panel/words";
import { useDress } from "./dress";

const SCORES = [1, 2, 3, 4, 5] as const;
const MAX_COMMENT = 500;

/** How it was: five words to choose from, and room for some of one's own. */
export function Rating() {
  useDress();
  const { line, host } = useScene();
  const [score, setScore] = useState(0);
  const [comment, setComment] = useState("");
  const [phase, setPhase] = useState<"asking" | "sending" | "done">("asking");
  const [failure, setFailure] = useState("");
  const [missing, setMissing] = useState(false);
  const send = async (event: Event) => {
    event.preventDefault();
    setMissing(score === 0);
    if (score === 0) return;
    setPhase("sending");
    try {
      await (await line.open()).command("rate", comment === "" ? { score } : { score, comment });
      host.emit("csat:submit", { score, comment });
      setPhase("done");
    } catch (cause) {
      setPhase("asking");
      setFailure(asChorusError(cause).message);
    }
  };
  if (phase === "done") {
    return (
      <p class="form" role="status">
        {t("thanks")}
      </p>
    );
  }
  return (
    <form class="form" noValidate onSubmit={send}>
      <fieldset class="scores">
        <legend>{t("rate")}</legend>
        {SCORES.map((value) => (
          <label key={value}>
            <input
              type="radio"
              name="score"
              checked={score === value}
              onChange={() => setScore(value)}
            />
            <span>{t(`rate${value}`)}</span>
          </label>
        ))}
      </fieldset>
      <p class="input">
        <label for="chorus-comment">
          {t("comment")} <small>({t("optional")})</small>
        </label>
        <textarea
          id="chorus-comment"
          rows={2}
          dir="auto"
          maxLength={MAX_COMMENT}
          value={comment}
          onInput={(event) => setComment(event.currentTarget.value)}
        />
      </p>
      {missing && <MessageSentence text={t("required")} />}
      {failure !== "" && <MessageSentence text={failure} />}
      <button type="submit" class="primary" disabled={phase === "sending"}>
        {t("rateSend")}
      </button>
    </form>
  );
}
