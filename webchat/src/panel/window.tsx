import { useEffect, useLayoutEffect, useRef, useState } from "preact/hooks";
import { Footer } from "./footer";
import { ICONS, Icon } from "./icon";
import { soon } from "./time";
import { useExtras, useScene } from "./use-scene";
import { t } from "./words";

interface WindowProps {
  readonly modal: boolean;
  readonly inline: boolean;
  readonly onClose: () => void;
}

/** The open chat: a dialog beside the page, or over it on a small screen. */
export function Window({ modal, inline, onClose }: WindowProps) {
  const scene = useScene();
  const [, redraw] = useState({});
  const box = useRef<HTMLDivElement>(null);
  const more = useRef<HTMLButtonElement>(null);
  const { menu } = scene;
  const extras = useExtras(menu);
  const setMenu = (open: boolean) => {
    scene.menu = open;
    scene.changed();
    more.current?.focus();
  };
  // Before the task ends: an answer that comes until the next paint would be missed for good.
  useLayoutEffect(() => scene.on(() => redraw({})), [scene]);
  useEffect(() => {
    if (scene.wantsFocus) box.current?.focus();
  }, [scene]);
  const onKeyDown = (event: KeyboardEvent) => {
    if (event.key === "Escape" && !event.defaultPrevented) {
      if (menu) setMenu(false);
      else if (!inline) onClose();
    }
  };
  const face = {
    role: inline ? ("region" as const) : ("dialog" as const),
    "aria-label": t("dialog"),
    "aria-modal": modal || undefined,
    tabIndex: -1,
    onKeyDown,
  };
  return (
    <div ref={box} class="window" {...face}>
      <header class="header">
        <Who />
        <button
          ref={more}
          type="button"
          class="icon-button"
          aria-label={t("menu")}
          aria-expanded={menu}
          onClick={() => setMenu(!menu)}
        >
          <Icon path={ICONS.more} />
        </button>
        {!inline && (
          <button type="button" class="icon-button" aria-label={t("close")} onClick={onClose}>
            <Icon path={ICONS.close} />
          </button>
        )}
      </header>
      {menu && extras !== undefined && <extras.Menu onDone={() => setMenu(false)} />}
      {scene.thread === undefined ? <Greeting /> : <scene.thread.Thread />}
      <Footer />
    </div>
  );
}

function Who() {
  const { state, settings, told, thread } = useScene();
  const responder = thread?.responderOf(state.conversation);
  const availability = told?.availability;
  const opensAt = availability?.opensAt;
  const presence = responder?.presence ?? (availability?.staffed ? "online" : "gone");
  const idle = opensAt ? t("opens", { when: soon(opensAt, Date.now()) }) : t("gone");
  const title = settings.title ?? t("title");
  const name = responder?.name ?? title;
  return (
    <>
      <span class="avatar" aria-hidden="true">
        {[...name][0]}
        <span class={`dot ${presence}`} />
      </span>
      <div class="who">
        <h2 class="title">
          <bdi>{name}</bdi>
        </h2>
        <p class="presence" data-presence={presence}>
          {presence === "gone" ? idle : t(presence)}
        </p>
      </div>
    </>
  );
}

/** What stands there until something was said. */
function Greeting() {
  const { settings, config, choices } = useScene();
  return (
    <>
      {config.phase === "unreachable" && (
        <p class="banner warning" role="status" data-banner="unreachable">
          {t("unreachable")}
        </p>
      )}
      <div class="log-frame">
        <div class="log">
          <p class="greeting" dir="auto">
            {settings.greeting ?? t("greeting")}
          </p>
          {[...choices.own].map(([name, text]) => (
            <p key={name} class="greeting" dir="auto" aria-busy="true">
              {text}
            </p>
          ))}
        </div>
      </div>
    </>
  );
}
