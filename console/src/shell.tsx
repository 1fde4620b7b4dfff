import type { AgentClient, AgentProfile, AgentState } from "@chorus/sdk";
import { useEffect, useRef, useState } from "react";
import { Banner } from "./banner";
import { ConversationPane } from "./conversation-pane";
import { Icon } from "./icon";
import { InboxList } from "./inbox-list";
import { useRoute } from "./route";
import { rememberedTheme, rememberTheme } from "./theme";
import { useAgent } from "./use-agent";
import { useShortcuts } from "./use-shortcuts";
import { initials, unreadOf } from "./words";

interface ShellProps {
  readonly client: AgentClient;
  readonly agent: AgentProfile;
  readonly onSignOut: () => void;
}

export function Shell({ client, agent, onSignOut }: ShellProps) {
  const state = useAgent(client);
  const [route, go] = useRoute();
  // What is being written, by conversation and mode; switching back and forth loses nothing.
  const drafts = useRef(new Map<string, string>());
  const { view, conv } = route;
  useEffect(() => void client.open(view).catch(() => undefined), [client, view]);
  useShortcuts({ state, conv, select: (id) => go({ conv: id }) });
  useTitle(state);
  return (
    <div className={conv === null ? "shell" : "shell reading"}>
      <Rail state={state} agent={agent} onSignOut={onSignOut} />
      <InboxList
        client={client}
        state={state}
        selected={conv}
        onSelect={(id) => go({ conv: id })}
        onView={(next) => go({ view: next })}
      />
      <main className="main">
        <Banner client={client} connection={state.connection} persistent={state.persistent} />
        {conv === null ? (
          <Empty />
        ) : (
          <ConversationPane
            key={conv}
            client={client}
            state={state}
            conv={conv}
            drafts={drafts.current}
            onBack={() => go({ conv: null })}
          />
        )}
      </main>
    </div>
  );
}

interface RailProps {
  readonly state: AgentState;
  readonly agent: AgentProfile;
  readonly onSignOut: () => void;
}

function Rail({ state, agent, onSignOut }: RailProps) {
  const [theme, setTheme] = useState(rememberedTheme);
  const isOnline = state.connection.phase === "online";
  const other = theme === "dark" ? "light" : "dark";
  const flip = () => {
    rememberTheme(other);
    setTheme(other);
  };
  return (
    <nav className="rail" aria-label="Main">
      <span className="logo">
        <Icon name="logo" size={28} />
      </span>
      <a className="rail-item current" href="/console/inbox" aria-current="page" aria-label="Inbox">
        <Icon name="inbox" />
      </a>
      <span className="spring" />
      <button
        type="button"
        className="rail-item"
        onClick={flip}
        aria-label={`Use ${other} colours`}
      >
        <Icon name={theme === "dark" ? "sun" : "moon"} />
      </button>
      <button type="button" className="rail-item" onClick={onSignOut} aria-label="Sign out">
        <Icon name="out" />
      </button>
      <span className="me" title={`${agent.name} (${agent.role})`}>
        {initials(agent.name)}
        <span className={isOnline ? "dot online" : "dot offline"} />
        <span className="visually-hidden">
          {agent.name}, {isOnline ? "connected" : "not connected"}
        </span>
      </span>
    </nav>
  );
}

function Empty() {
  return (
    <div className="empty">
      <Icon name="chat" size={44} />
      <h2>Choose a conversation</h2>
      <p>
        <kbd>J</kbd> and <kbd>K</kbd> move through the list, <kbd>R</kbd> replies, <kbd>N</kbd>{" "}
        writes a note.
      </p>
    </div>
  );
}

function useTitle(state: AgentState): void {
  const rows = Object.values(state.inbox.rows);
  const unread = rows.reduce((sum, row) => sum + unreadOf(row, state), 0);
  useEffect(() => {
    document.title = unread > 0 ? `(${unread}) Chorus` : "Chorus";
  }, [unread]);
}
