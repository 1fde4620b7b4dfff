import { useEffect, useLayoutEffect, useRef, useState } from "preact/hooks";
import { Icon } from "../panel/icon";
import type { Scene } from "../panel/scene";
import { useScene } from "../panel/use-scene";
import { t } from "../panel/words";
import { ROW_ICONS } from "./icons";
import { botName } from "./names";
import { nameOf } from "./people";
import { RichText } from "./rich-text";
import { TimelineRows } from "./timeline-rows";

/** As near to the end as counts for reading the newest. */
const NEAR_PX = 48;

/** True while the newest is looked at. */
let reading = false;

export function isReading(): boolean {
  return reading;
}

export function MessageLog() {
  const scene = useScene();
  const { conversation } = scene.state;
  const log = useRef<HTMLDivElement>(null);
  const [isAtEnd, setIsAtEnd] = useState(true);
  const size = (conversation?.items.length ?? 0) + (conversation?.pending.length ?? 0);
  const passing = Object.keys({ ...conversation?.typing, ...conversation?.streams }).length;
  const streamed = Object.values(conversation?.streams ?? {})
    .map((it) => it.n)
    .join();
  const lastOwn = conversation?.pending.at(-1)?.id;

  // At once: what grew until the scroll of before is told of would look like somebody scrolling up.
  useLayoutEffect(() => {
    if (isAtEnd) toEnd(log.current);
  }, [size, passing, streamed, isAtEnd]);
  useEffect(() => toEnd(log.current), [lastOwn]);
  useStayAtEnd(log, isAtEnd);
  useReading(scene, isAtEnd);

  return (
    <div class="log-frame">
      <div
        ref={log}
        class="log"
        role="log"
        aria-live="off"
        aria-label={t("log")}
        // biome-ignore lint/a11y/noNoninteractiveTabindex: a scroll region must be reachable by keyboard.
        tabIndex={0}
        onScroll={() => setIsAtEnd(isNearEnd(log.current))}
      >
        {conversation !== null && !conversation.complete && (
          <button
            type="button"
            class="link-button older"
            onClick={() => scene.line.client?.loadOlder().catch(scene.host.onError)}
          >
            {t("older")}
          </button>
        )}
        <p class="greeting" dir="auto">
          {scene.settings.greeting ?? t("greeting")}
        </p>
        {conversation !== null && <TimelineRows conversation={conversation} />}
        <Passing scene={scene} />
      </div>
      {!isAtEnd && (
        <button type="button" class="jump" onClick={() => toEnd(log.current)}>
          <Icon path={ROW_ICONS.down} size={16} /> {t("jump")}
        </button>
      )}
    </div>
  );
}

/** What is true for now: an answer on its way, and who types. */
function Passing({ scene: { state, tools } }: { readonly scene: Scene }) {
  const { conversation } = state;
  if (conversation === null) return null;
  return (
    <>
      {Object.entries(conversation.streams).map(([stream, { text }]) => (
        <div key={stream} class="row other" data-stream={stream}>
          {tools !== undefined && <tools.Face userId={null} name={botName()} />}
          <div class="bubble">
            <RichText text={text} />
          </div>
        </div>
      ))}
      {Object.entries(conversation.typing).map(([userId, { role }]) => (
        <p key={userId} class="typing">
          <span class="dots" aria-hidden="true">
            <i />
            <i />
            <i />
          </span>
          {t("typing", { name: nameOf(conversation, userId, role) })}
        </p>
      ))}
    </>
  );
}

/** Whatever is on the screen of a visitor who looks at it is read. */
function useReading(scene: Scene, isAtEnd: boolean) {
  const { line, host, isShown } = scene;
  const { conversation, unread } = scene.state;
  // One that is read while another comes leaves the count as it was, but not the place.
  const seq = conversation?.seq;
  useEffect(() => {
    const read = () => {
      reading = isShown && isAtEnd && document.visibilityState === "visible";
      if (reading) line.client?.markRead();
    };
    read();
    document.addEventListener("visibilitychange", read);
    return () => document.removeEventListener("visibilitychange", read);
  }, [line, unread, seq, isAtEnd, isShown]);
  useEffect(
    () => () => {
      reading = false;
      host.onUnread(line.state.unread);
    },
    [line, host],
  );
}

/** A banner or a growing composer takes room from the log; the newest stays in sight. */
function useStayAtEnd(log: { readonly current: HTMLElement | null }, isAtEnd: boolean): void {
  useEffect(() => {
    const { current } = log;
    if (current === null || !isAtEnd) return;
    const observer = new ResizeObserver(() => toEnd(current));
    observer.observe(current);
    return () => observer.disconnect();
  }, [log, isAtEnd]);
}

function toEnd(log: HTMLElement | null): void {
  if (log !== null) log.scrollTop = log.scrollHeight;
}

function isNearEnd(log: HTMLElement | null): boolean {
  return log === null || log.scrollHeight - log.scrollTop - log.clientHeight < NEAR_PX;
}
