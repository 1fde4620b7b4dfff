import { CLOSE } from "@chorus/sdk/close";
import { useEffect, useState } from "preact/hooks";
import { useScene } from "../panel/use-scene";
import { t } from "../panel/words";

/** Shorter than this is not worth a word. */
const PATIENCE_MS = 1_200;

/** What stands between the visitor and a working chat, and what can be done about it. */
export function Banner() {
  const { connection } = useScene().state;
  if (connection.phase === "stopped") return <Stopped code={connection.code} />;
  // Here before there is anything to say, or it would not be spoken.
  return (
    <div role="status">
      <Trouble />
    </div>
  );
}

function Trouble() {
  const { connection, conversation, persistent } = useScene().state;
  if (connection.phase === "waiting") return <Waiting retryAtMs={connection.retryAtMs} />;
  if (connection.phase === "connecting") return <Connecting />;
  if (!persistent) return <p class="banner">{t("notKept")}</p>;
  if ((conversation?.degraded.length ?? 0) > 0) return <p class="banner">{t("degraded")}</p>;
  return null;
}

function Waiting({ retryAtMs }: { readonly retryAtMs: number }) {
  const { line } = useScene();
  const count = Math.ceil((retryAtMs - useNow()) / 1_000);
  const words = count > 0 ? t("retryIn", { count }) : t("retrying");
  const [first] = useState(words);
  return (
    <div class="banner warning" data-banner="waiting">
      {/* Spoken once; the count goes on without being read out every second. */}
      <span class="visually-hidden">{first}</span>
      <span aria-hidden="true">{words}</span>
      <button type="button" class="link-button" onClick={() => line.client?.reconnect()}>
        {t("retryNow")}
      </button>
    </div>
  );
}

function Connecting() {
  const [isLong, setIsLong] = useState(false);
  useEffect(() => {
    const timer = setTimeout(() => setIsLong(true), PATIENCE_MS);
    return () => clearTimeout(timer);
  }, []);
  return isLong ? <p class="banner">{t("connecting")}</p> : null;
}

function Stopped({ code }: { readonly code: number }) {
  const { line, host } = useScene();
  const isElsewhere = code === CLOSE.superseded;
  const act = () => {
    if (isElsewhere) line.client?.reconnect();
    else line.client?.startOver().catch(host.onError);
  };
  return (
    <div class="banner warning" role="alert" data-banner="stopped">
      <span>{t(isElsewhere ? "elsewhere" : "ended")}</span>
      <button type="button" class="link-button" onClick={act}>
        {t(isElsewhere ? "useHere" : "startOver")}
      </button>
    </div>
  );
}

/** The time now, told anew every second. */
function useNow(): number {
  const [nowMs, setNowMs] = useState(Date.now());
  useEffect(() => {
    const timer = setInterval(() => setNowMs(Date.now()), 1_000);
    return () => clearInterval(timer);
  }, []);
  return nowMs;
}
