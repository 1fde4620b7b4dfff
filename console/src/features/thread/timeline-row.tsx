import type { ConversationView, PendingMessage } from "@chorus/sdk";
import { Activity, ChevronDown, ChevronRight } from "lucide-react";
import { memo, useState } from "react";
import { HandoffCard } from "../../shared/handoff/handoff-card";
import { dayName } from "../../shared/words/time";
import { useWords } from "../../shared/words/words";
import { eventWords } from "./event-words";
import { MessageRow } from "./message-row";
import { PendingRow } from "./pending-row";
import type { Quiet, Row } from "./rows";

export interface TimelineRowProps {
  readonly row: Row;
  readonly view: ConversationView;
  readonly customer: string;
  readonly names: ReadonlyMap<string, string>;
  readonly isAnchor: boolean;
  readonly onAnchor: (seq: number | undefined) => void;
  readonly onEdit: (body: PendingMessage["body"]) => void;
}

/** Drawn again only when something of it changed: scrolling must cost nothing. */
export const TimelineRow = memo(function TimelineRow(props: TimelineRowProps) {
  const { row, view, names, customer } = props;
  switch (row.kind) {
    case "new":
      return <New />;
    case "changes":
      return <Changes changes={row.changes} names={names} />;
    case "handoff":
      return (
        <HandoffCard
          view={view}
          handoff={row.change.frame.data}
          seq={row.change.seq}
          onAnchor={props.onAnchor}
        />
      );
    case "pending":
      return <PendingRow entry={row.entry} view={view} names={names} onEdit={props.onEdit} />;
    case "message":
      return (
        <>
          {row.isOfNewDay && <Day ts={row.message.ts} />}
          <MessageRow
            view={view}
            message={row.message}
            goesOn={row.goesOn}
            customer={customer}
            names={names}
            isAnchor={props.isAnchor}
          />
        </>
      );
  }
});

function Day({ ts }: { readonly ts: string }) {
  const words = useWords();
  return (
    <p className="flex items-center gap-3 py-2 text-xs font-medium text-muted">
      <span className="h-px flex-1 bg-line" />
      {dayName(ts, Date.now(), words)}
      <span className="h-px flex-1 bg-line" />
    </p>
  );
}

function New() {
  const { t } = useWords();
  return (
    <p className="flex items-center gap-3 py-2 text-xs font-semibold text-danger" data-new>
      <span className="h-px flex-1 bg-danger" />
      {t("newMessages")}
      <span className="h-px flex-1 bg-danger" />
    </p>
  );
}

interface ChangesProps {
  readonly changes: readonly Quiet[];
  readonly names: ReadonlyMap<string, string>;
}

/** Events in a row are one line: the last of them, and the others on demand. */
function Changes({ changes, names }: ChangesProps) {
  const words = useWords();
  const [isOpen, setIsOpen] = useState(false);
  const [last] = changes.slice(-1);
  const shown = isOpen ? changes : changes.slice(-1);
  if (last === undefined) return null;
  const Sign = isOpen ? ChevronDown : ChevronRight;
  return (
    <div
      className="flex flex-col items-center gap-0.5 py-1.5 text-center text-xs text-muted"
      data-changes
    >
      {shown.map((change) => (
        <Event key={change.seq} quiet={change} names={names} />
      ))}
      {changes.length > 1 && (
        <button
          type="button"
          className="inline-flex cursor-pointer items-center gap-0.5 rounded px-1 text-accent-text hover:underline"
          aria-expanded={isOpen}
          onClick={() => setIsOpen(!isOpen)}
        >
          <Sign className="size-3 rtl:rotate-180" aria-hidden="true" />
          {isOpen ? words.t("fewerEvents") : words.t("moreEvents", { count: changes.length - 1 })}
        </button>
      )}
    </div>
  );
}

function Event({ quiet, names }: { quiet: Quiet; names: ReadonlyMap<string, string> }) {
  const words = useWords();
  if (quiet.kind === "change") {
    return (
      <p className="flex items-center gap-1.5" dir="auto">
        <Activity className="size-3 shrink-0" aria-hidden="true" />
        {eventWords(quiet, names, words)}
      </p>
    );
  }
  return (
    <p className="max-w-[36rem] italic" dir="auto" data-message={quiet.id} data-seq={quiet.seq}>
      {quiet.content}
    </p>
  );
}
