import type { AgentClient, AgentState, ConversationView } from "@chorus/sdk";
import { useEffect, useLayoutEffect, useRef, useState } from "react";
import type { Person } from "./conversation-pane";
import { TimelineRows } from "./timeline-rows";

interface TimelineProps {
  readonly client: AgentClient;
  readonly state: AgentState;
  readonly view: ConversationView;
  readonly customer: Person;
}

const NEAR_PX = 64;

export function Timeline({ client, state, view, customer }: TimelineProps) {
  const log = useRef<HTMLDivElement>(null);
  const [isAtEnd, setIsAtEnd] = useState(true);
  const size = view.items.length + view.pending.length + Object.keys(view.typing).length;
  const lastOwn = view.pending.at(-1)?.id;
  // biome-ignore lint/correctness/useExhaustiveDependencies: a new row is what moves the end.
  useLayoutEffect(() => {
    if (isAtEnd) toEnd(log.current);
  }, [size, isAtEnd]);
  // biome-ignore lint/correctness/useExhaustiveDependencies: one's own message always scrolls down.
  useEffect(() => toEnd(log.current), [lastOwn]);
  useStayAtEnd(log, isAtEnd);
  useReading(client, view, isAtEnd);
  return (
    <div className="log-frame">
      <div
        ref={log}
        className="log"
        role="log"
        aria-live="off"
        aria-label="Messages"
        // biome-ignore lint/a11y/noNoninteractiveTabindex: a scroll region must be reachable by keyboard.
        tabIndex={0}
        onScroll={() => setIsAtEnd(isNearEnd(log.current))}
      >
        {!view.complete && (
          <button
            type="button"
            className="link-button older"
            onClick={() => void client.loadOlder(view.id).catch(() => undefined)}
          >
            Load earlier messages
          </button>
        )}
        <TimelineRows
          view={view}
          customer={customer}
          isOnline={state.connection.phase === "online"}
          onRetry={(id) => void client.retry(view.id, id)}
          onDiscard={(id) => void client.discard(view.id, id)}
        />
        {Object.entries(view.typing).map(([userId, { role }]) => (
          <p key={userId} className="typing">
            <span className="dots" aria-hidden="true">
              <i />
              <i />
              <i />
            </span>
            {role === "customer" ? customer.name : "A colleague"} is typing
          </p>
        ))}
      </div>
      {!isAtEnd && (
        <button type="button" className="jump" onClick={() => toEnd(log.current)}>
          Jump to newest
        </button>
      )}
    </div>
  );
}

/** Whatever stands on the screen of an agent who looks at it is read. */
function useReading(client: AgentClient, { id, seq }: ConversationView, isAtEnd: boolean): void {
  useEffect(() => {
    const read = () => {
      const looks = document.visibilityState === "visible" && document.hasFocus();
      if (isAtEnd && looks && seq > 0) client.markRead(id);
    };
    read();
    document.addEventListener("visibilitychange", read);
    window.addEventListener("focus", read);
    return () => {
      document.removeEventListener("visibilitychange", read);
      window.removeEventListener("focus", read);
    };
  }, [client, id, seq, isAtEnd]);
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
