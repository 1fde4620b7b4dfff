import {
  type AgentClient,
  type AgentState,
  type InboxItem,
  type InboxView,
  inboxRows,
} from "@chorus/sdk";
import { useNow } from "./use-agent";
import { age, contactName, hueOf, initials, ownershipOf, unreadOf, waitWords } from "./words";

interface InboxListProps {
  readonly client: AgentClient;
  readonly state: AgentState;
  readonly selected: string | null;
  readonly onSelect: (conv: string) => void;
  readonly onView: (view: InboxView) => void;
}

const VIEWS: readonly { readonly view: InboxView; readonly label: string }[] = [
  { view: "all", label: "All" },
  { view: "mine", label: "Mine" },
  { view: "queue", label: "Queue" },
];

export function InboxList({ client, state, selected, onSelect, onView }: InboxListProps) {
  const { inbox } = state;
  const rows = inboxRows(inbox);
  const nowMs = useNow(30_000);
  return (
    <section className="list" aria-label="Conversations">
      <header className="list-head">
        <h1>Inbox</h1>
        <fieldset className="views">
          <legend className="visually-hidden">View</legend>
          {VIEWS.map(({ view, label }) => (
            <button
              key={view}
              type="button"
              aria-pressed={inbox.view === view}
              onClick={() => onView(view)}
            >
              {label}
            </button>
          ))}
        </fieldset>
      </header>
      {!inbox.loaded && <Skeleton />}
      {inbox.loaded && rows.length === 0 && (
        <p className="nothing">Nothing here. New conversations appear by themselves.</p>
      )}
      <ul className="rows">
        {rows.map((row) => (
          <Row
            key={row.conv}
            row={row}
            unread={unreadOf(row, state)}
            nowMs={nowMs}
            isSelected={row.conv === selected}
            onSelect={onSelect}
          />
        ))}
      </ul>
      {inbox.next !== null && (
        <button type="button" className="link-button more" onClick={() => void client.more()}>
          Show more
        </button>
      )}
    </section>
  );
}

interface RowProps {
  readonly row: InboxItem;
  readonly unread: number;
  readonly nowMs: number;
  readonly isSelected: boolean;
  readonly onSelect: (conv: string) => void;
}

function Row({ row, unread, nowMs, isSelected, onSelect }: RowProps) {
  const name = contactName(row.contact.name, row.contact.id);
  const badge = ownershipOf(row);
  return (
    <li>
      <button
        type="button"
        className={unread > 0 ? "row unread" : "row"}
        aria-current={isSelected}
        data-conv={row.conv}
        onClick={() => onSelect(row.conv)}
      >
        <span className={`avatar hue-${hueOf(row.contact.id)}`} aria-hidden="true">
          {initials(name)}
        </span>
        <span className="row-main">
          <span className="row-top">
            <strong dir="auto">{name}</strong>
            <time dateTime={row.last_ts}>{age(row.last_ts, nowMs)}</time>
          </span>
          <span className="preview" dir="auto">
            {row.preview === "" ? "No messages yet" : row.preview}
          </span>
          <span className="row-foot">
            <span className={`badge ${badge.toLowerCase()}`}>{badge}</span>
            {row.waiting_since !== undefined && (
              <span className="waiting">{waitWords(row.waiting_since, nowMs)}</span>
            )}
            {unread > 0 && (
              <span className="count">
                {unread}
                <span className="visually-hidden"> unread</span>
              </span>
            )}
          </span>
        </span>
      </button>
    </li>
  );
}

function Skeleton() {
  return (
    <div className="skeleton" role="status">
      <span className="visually-hidden">Loading conversations</span>
      {[0, 1, 2, 3, 4].map((row) => (
        <span key={row} />
      ))}
    </div>
  );
}
