import { ICONS, Icon } from "../panel/icon";
import { useScene } from "../panel/use-scene";
import { t } from "../panel/words";
import { nameOf } from "./people";
import { wordsOf } from "./words-of";

/** The message that the next one answers. */
export function Quote() {
  const scene = useScene();
  const { replyTo, state } = scene;
  if (replyTo === null) return null;
  const own = replyTo.userId === state.conversation?.self;
  const name = own ? t("you") : nameOf(state.conversation, replyTo.userId, replyTo.role);
  const cancel = () => {
    scene.replyTo = null;
    scene.changed();
  };
  return (
    <p class="quote">
      <span dir="auto">
        {t("replying", { name })}: {wordsOf(replyTo)}
      </span>
      <button type="button" class="icon-button" aria-label={t("cancel")} onClick={cancel}>
        <Icon path={ICONS.close} size={16} />
      </button>
    </p>
  );
}
