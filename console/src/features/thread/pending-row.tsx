import type { ConversationView, Message, PendingMessage } from "@chorus/sdk";
import { CircleAlert, Clock } from "lucide-react";
import type { ReactNode } from "react";
import { filesIn } from "../../shared/files/cards";
import { FileList } from "../../shared/files/file-view";
import { useIsOnline, useNow } from "../../shared/live/hooks";
import { useSession } from "../../shared/live/session";
import { cx } from "../../shared/ui/class";
import { RichText } from "../../shared/ui/rich-text";
import { age } from "../../shared/words/time";
import { useWords } from "../../shared/words/words";
import { NoteLabel } from "./message-row";

interface PendingRowProps {
  readonly entry: PendingMessage;
  readonly view: ConversationView;
  readonly names: ReadonlyMap<string, string>;
  readonly onEdit: (body: PendingMessage["body"]) => void;
}

/** A message on its way, or one that was refused and waits for its author. */
export function PendingRow({ entry, view, names, onEdit }: PendingRowProps) {
  const { t } = useWords();
  const isOnline = useIsOnline();
  const isNote = entry.body.visibility === "agents";
  return (
    <article
      data-message={entry.id}
      data-status={entry.status}
      className="flex flex-col items-end gap-1 pt-2 pe-9"
    >
      <div
        className={cx(
          "w-fit max-w-[min(80%,40rem)] rounded-2xl rounded-se-sm border border-dashed px-3.5 py-2",
          isNote ? "border-note-line bg-note text-note-ink" : "border-line-strong bg-own",
        )}
      >
        {isNote && <NoteLabel />}
        {entry.body.content !== "" && <RichText text={entry.body.content} />}
        <FileList
          files={filesIn({ attachments: entry.body.attachments ?? [], files: entry.files })}
        />
      </div>
      {entry.status === "failed" ? (
        <Failure entry={entry} view={view} names={names} onEdit={onEdit} />
      ) : (
        <p className="flex items-center gap-1 px-1 text-[11px] text-muted">
          <Clock className="size-3" aria-hidden="true" />
          {isOnline ? t("sending") : t("sentLater")}
        </p>
      )}
    </article>
  );
}

function Failure({ entry, view, names, onEdit }: PendingRowProps) {
  const { t } = useWords();
  const { client } = useSession();
  const isStale = entry.failure?.code === "STALE_VIEW";
  return (
    <div
      role="alert"
      className="flex flex-wrap items-center justify-end gap-x-3 gap-y-1 px-1 text-xs text-danger"
    >
      <span className="inline-flex items-center gap-1 font-medium">
        <CircleAlert className="size-3.5" aria-hidden="true" />
        {isStale ? (
          <Overtaken view={view} names={names} />
        ) : (
          `${t("notSent")}: ${entry.failure?.reason}`
        )}
      </span>
      <Act onClick={() => void client.retry(view.id, entry.id)}>
        {isStale ? t("sendAnyway") : t("tryAgain")}
      </Act>
      <Act
        onClick={() => {
          onEdit(entry.body);
          void client.discard(view.id, entry.id);
        }}
      >
        {t("edit")}
      </Act>
      <Act onClick={() => void client.discard(view.id, entry.id)}>{t("discard")}</Act>
    </div>
  );
}

function Act({ onClick, children }: { onClick: () => void; children: ReactNode }) {
  return (
    <button
      type="button"
      className="cursor-pointer font-semibold text-accent-text underline"
      onClick={onClick}
    >
      {children}
    </button>
  );
}

/** Who spoke meanwhile, and how long ago. */
function Overtaken({ view, names }: Pick<PendingRowProps, "view" | "names">) {
  const words = useWords();
  const nowMs = useNow(10_000);
  const last = view.items.findLast((item): item is Message => isAnswerOfAnother(view, item));
  const name = names.get(last?.userId ?? "") ?? words.t("colleague");
  return words.t("overtaken", { name, ago: last === undefined ? "" : age(last.ts, nowMs, words) });
}

function isAnswerOfAnother(view: ConversationView, item: ConversationView["items"][number]) {
  return (
    item.kind === "message" &&
    item.role === "agent" &&
    item.visibility === "public" &&
    item.userId !== view.self
  );
}
