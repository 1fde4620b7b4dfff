import type { VisitorClient, VisitorState } from "@chorus/sdk";
import { useEffect, useLayoutEffect, useRef, useState } from "preact/hooks";
import { Icon } from "./icon";
import { nameOf } from "./people";
import { RichText } from "./rich-text";
import { TEXTS } from "./texts";
import { TimelineRows } from "./timeline-rows";

interface LogProps {
  readonly client: VisitorClient;
  readonly state: VisitorState;
}

/** As near to the end as counts for reading the newest. */
const NEAR_PX = 48;

export function MessageLog({ client, state }: LogProps) {
  const { conversation } = state;
  const log = useRef<HTMLDivElement>(null);
  const [isAtEnd, setIsAtEnd] = useState(true);
  const size = (conversation?.items.length ?? 0) + (conversation?.pending.length ?? 0);
  const busy = Object.keys(conversation?.typing ?? {}).length;
  const streams = Object.values(conversation?.streams ?? {}).length;
  const lastOwn = conversation?.pending.at(-1)?.id;

  useLayoutEffect(() => {
    if (isAtEnd) toEnd(log.current);
  }, [size, busy, streams, isAtEnd]);
  useEffect(() => toEnd(log.current), [lastOwn]);
  useStayAtEnd(log, isAtEnd);
  useReading(client, state.unread, isAtEnd);

  const onScroll = () => setIsAtEnd(isNearEnd(log.current));
  return (
    <div class="log-frame">
      <div
        ref={log}
        class="log"
        role="log"
        aria-live="off"
        aria-label={TEXTS.log}
        // biome-ignore lint/a11y/noNoninteractiveTabindex: a scroll region must be reachable by keyboard.
        tabIndex={0}
        onScroll={onScroll}
      >
        {conversation !== null && !conversation.complete && (
          <button type="button" class="link-button older" onClick={() => void client.loadOlder()}>
            {TEXTS.older}
          </button>
        )}
        <p class="greeting">{TEXTS.greeting}</p>
        {conversation !== null && (
          <TimelineRows
            conversation={conversation}
            isOnline={state.connection.phase === "online"}
            onRetry={(id) => void client.retry(id)}
            onDiscard={(id) => void client.discard(id)}
          />
        )}
        <Ephemera state={state} />
      </div>
      {!isAtEnd && (
        <button type="button" class="jump" onClick={() => toEnd(log.current)}>
          <Icon name="down" size={16} /> {TEXTS.jump}
        </button>
      )}
    </div>
  );
}

function Ephemera({ state: { conversation } }: Pick<LogProps, "state">) {
  if (conversation === null) return null;
  return (
    <>
      {Object.entries(conversation.streams).map(([stream, { text }]) => (
        <div key={stream} class="row other">
          <div class="bubble">
            <RichText text={text} />
          </div>
        </div>
      ))}
      {Object.keys(conversation.typing).map((userId) => (
        <p key={userId} class="typing">
          <span class="dots" aria-hidden="true">
            <i />
            <i />
            <i />
          </span>
          {TEXTS.typing(nameOf(conversation, userId))}
        </p>
      ))}
    </>
  );
}

/** Whatever is on the screen of a visitor who looks at it is read. */
function useReading(client: VisitorClient, unread: number, isAtEnd: boolean): void {
  useEffect(() => {
    const read = () => {
      if (isAtEnd && document.visibilityState === "visible") client.markRead();
    };
    if (unread > 0) read();
    document.addEventListener("visibilitychange", read);
    return () => document.removeEventListener("visibilitychange", read);
  }, [client, unread, isAtEnd]);
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
