import { useScene } from "../panel/use-scene";
import { t } from "../panel/words";

/** Where a waiting visitor stands, and how to wait no longer; or that nobody needs to wait. */
export function QueueBar() {
  const { state, line, host, choices, thread } = useScene();
  const { conversation } = state;
  const session = conversation?.session;
  if (session?.state === "deferred" && choices.get("left") === session.id) {
    return (
      <p class="banner" role="status">
        {t("kept")}
      </p>
    );
  }
  if (conversation === null || !thread?.isWaiting(conversation)) return null;
  const { position, etaS } = conversation;
  const place = position === null ? t("line") : t("place", { count: position });
  const eta = etaS === null ? "" : ` · ${t("eta", { count: Math.max(1, Math.ceil(etaS / 60)) })}`;
  return (
    <div class="banner" data-banner="queue">
      <span role="status">{place + eta}</span>
      <button
        type="button"
        class="link-button"
        onClick={() => line.client?.command("cancel").catch(host.onError)}
      >
        {t("cancel")}
      </button>
    </div>
  );
}
