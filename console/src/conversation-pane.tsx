import {
  type AgentClient,
  type AgentState,
  asChorusError,
  type ConversationView,
} from "@chorus/sdk";
import { useEffect, useState } from "react";
import { Composer } from "./composer";
import { ContextPane } from "./context-pane";
import { Icon } from "./icon";
import { Timeline } from "./timeline";
import { contactName, hueOf, initials, ownershipOfView } from "./words";

interface PaneProps {
  readonly client: AgentClient;
  readonly state: AgentState;
  readonly conv: string;
  readonly drafts: Map<string, string>;
  readonly onBack: () => void;
}

export interface Person {
  readonly id: string;
  readonly name: string;
  readonly presence: "online" | "away" | "busy" | "offline" | "unknown";
}

/** One open conversation: who it is, what was said, and the answer being written. */
export function ConversationPane({ client, state, conv, drafts, onBack }: PaneProps) {
  useEffect(() => void client.watch(conv).catch(() => undefined), [client, conv]);
  const view = state.conversations[conv];
  if (view === null) {
    return <p className="nothing">This conversation does not exist, or it is not yours to see.</p>;
  }
  const customer = customerOf(state, conv, view);
  return (
    <div className="pane">
      <section className="thread" aria-label={`Conversation with ${customer.name}`}>
        <Header client={client} view={view} conv={conv} customer={customer} onBack={onBack} />
        {view === undefined ? (
          <div className="log" role="status">
            <span className="visually-hidden">Loading the conversation</span>
          </div>
        ) : (
          <Timeline client={client} view={view} customer={customer} state={state} />
        )}
        <Composer client={client} conv={conv} view={view} drafts={drafts} state={state} />
      </section>
      <ContextPane customer={customer} view={view} row={state.inbox.rows[conv]} />
    </div>
  );
}

function customerOf(state: AgentState, conv: string, view: ConversationView | undefined): Person {
  const contact = state.inbox.rows[conv]?.contact ?? state.contacts[conv];
  const id = contact?.id ?? conv;
  const presence = view?.presence[id]?.status ?? "unknown";
  return { id, name: contactName(contact?.name, id), presence };
}

interface HeaderProps {
  readonly client: AgentClient;
  readonly view: ConversationView | undefined;
  readonly conv: string;
  readonly customer: Person;
  readonly onBack: () => void;
}

function Header({ client, view, conv, customer, onBack }: HeaderProps) {
  const [problem, setProblem] = useState("");
  const badge = view === undefined ? "Open" : ownershipOfView(view);
  const act = (event: "claim" | "resolve" | "reopen") => () => {
    setProblem("");
    client.command(conv, event).catch((cause: unknown) => setProblem(asChorusError(cause).message));
  };
  return (
    <header className="thread-head">
      <button
        type="button"
        className="icon-button back"
        aria-label="Back to the list"
        onClick={onBack}
      >
        <Icon name="back" />
      </button>
      <span className={`avatar hue-${hueOf(customer.id)}`} aria-hidden="true">
        {initials(customer.name)}
        <span className={`dot ${customer.presence}`} />
      </span>
      <div className="who">
        <h2 dir="auto">{customer.name}</h2>
        <p>
          <span data-presence={customer.presence}>{presenceWord(customer)}</span>
          <span className={`badge ${badge.toLowerCase()}`}>{badge}</span>
        </p>
      </div>
      <p className="problem" role="alert">
        {problem}
      </p>
      {badge === "Waiting" && (
        <button type="button" className="secondary" data-key="a" onClick={act("claim")}>
          Take
        </button>
      )}
      {badge === "Resolved" ? (
        <button type="button" className="secondary" onClick={act("reopen")}>
          Reopen
        </button>
      ) : (
        <button type="button" className="secondary" data-key="e" onClick={act("resolve")}>
          Resolve
        </button>
      )}
    </header>
  );
}

function presenceWord({ presence }: Person): string {
  if (presence === "unknown") return "Presence unknown";
  return presence === "offline" ? "Offline" : "Online now";
}
