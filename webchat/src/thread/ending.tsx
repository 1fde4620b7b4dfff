import { useState } from "preact/hooks";
import { useExtras, useScene } from "../panel/use-scene";
import { t } from "../panel/words";

/** The conversation is over: how was it, and another one. */
export function Ending() {
  const { state, settings, line, host } = useScene();
  const [busy, setBusy] = useState(false);
  const rateable = state.conversation?.rateable === true && settings.features?.csat !== false;
  const extras = useExtras(rateable);
  const startOver = () => {
    setBusy(true);
    line
      .open()
      .then((client) => client.startOver())
      .catch(host.onError)
      .finally(() => setBusy(false));
  };
  return (
    <>
      {rateable && extras !== undefined && <extras.Rating key={state.conversation?.id} />}
      <div class="composer closed">
        <p>{t("closed")}</p>
        <button type="button" class="primary" disabled={busy} onClick={startOver}>
          {t("startOver")}
        </button>
      </div>
    </>
  );
}
