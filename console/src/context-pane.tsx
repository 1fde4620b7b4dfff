import type { ConversationView, InboxItem } from "@chorus/sdk";
import type { Person } from "./conversation-pane";
import { clockTime } from "./words";

interface ContextProps {
  readonly customer: Person;
  readonly view: ConversationView | undefined;
  readonly row: InboxItem | undefined;
}

/** What is known of the customer beside what they say. */
export function ContextPane({ customer, view, row }: ContextProps) {
  const facts: readonly (readonly [string, string | undefined])[] = [
    ["Verified", row === undefined ? undefined : row.contact.verified ? "Yes" : "No"],
    ["Channel", row?.channel],
    ["Queue", row?.queue ?? view?.queue ?? undefined],
    ["Status", view?.status],
    ["Messages", view === undefined ? undefined : String(countMessages(view))],
    ["Last activity", row === undefined ? undefined : clockTime(row.last_ts)],
    ["Tags", row === undefined || row.tags.length === 0 ? undefined : row.tags.join(", ")],
  ];
  return (
    <aside className="context" aria-label="Customer">
      <h3 dir="auto">{customer.name}</h3>
      <dl>
        {facts
          .filter(([, value]) => value !== undefined)
          .map(([name, value]) => (
            <div key={name}>
              <dt>{name}</dt>
              <dd dir="auto">{value}</dd>
            </div>
          ))}
      </dl>
    </aside>
  );
}

function countMessages(view: ConversationView): number {
  return view.items.filter((item) => item.kind === "message").length;
}
