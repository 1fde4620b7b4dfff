import type { ConversationView, PendingMessage } from "@chorus/sdk";
import { type ReactNode, use, useEffect } from "react";
import { unmark } from "../../shared/acts/marked";
import { useNames } from "../../shared/api/queries";
import type { ContactCard } from "../../shared/api/shapes";
import { contactName } from "../../shared/domain/people";
import { useConversation } from "../../shared/live/hooks";
import { useSession } from "../../shared/live/session";
import { useWords } from "../../shared/words/words";
import { Gone } from "./gone";
import { Header } from "./header";
import { LookingOn } from "./looking-on";
import { Timeline } from "./timeline";

export interface ThreadPaneProps {
  readonly conv: string;
  readonly contact: ContactCard | undefined;
  readonly anchor: number | undefined;
  readonly onAnchor: (seq: number | undefined) => void;
  readonly onBack: () => void;
  readonly onResolved: () => void;
  readonly onTransfer: (kind: "colleague" | "bot") => void;
  readonly onEdit: (body: PendingMessage["body"]) => void;
  readonly composer: (view: ConversationView) => ReactNode;
}

/** One open conversation: who it is, what was said, and the answer being written. */
export function ThreadPane(props: ThreadPaneProps) {
  const { conv, contact, anchor, onAnchor, onEdit, composer } = props;
  const words = useWords();
  const view = useConversation(conv);
  const names = useNames(conv);
  const isLookingOn = use(LookingOn);
  useViewing(conv, isLookingOn);
  useUnmark(conv, isLookingOn);
  const name = contactName(contact?.name, contact?.id ?? conv, words);
  const isThere = view != null && (view.synced || view.items.length > 0);
  if (view === null) return <Gone conv={conv} />;
  return (
    <section
      aria-label={words.t("conversationWith", { name })}
      className="@container flex min-w-0 flex-1 flex-col bg-canvas"
    >
      <Header {...props} view={view} name={name} names={names} />
      {isThere ? (
        <Timeline
          key={conv}
          view={view}
          customer={name}
          names={names}
          anchor={anchor}
          onAnchor={onAnchor}
          onEdit={onEdit}
        />
      ) : (
        <Loading />
      )}
      {view !== undefined && composer(view)}
    </section>
  );
}

/** Who does not say it again for a while is taken for gone. */
const LOOKING_EVERY_MS = 30_000;

/** Colleagues see who looks at the same conversation. */
function useViewing(conv: string, isLookingOn: boolean): void {
  const { client } = useSession();
  useEffect(() => {
    if (isLookingOn) return;
    const tell = () => client.viewing(conv, document.visibilityState === "visible");
    tell();
    const again = setInterval(tell, LOOKING_EVERY_MS);
    document.addEventListener("visibilitychange", tell);
    return () => {
      clearInterval(again);
      document.removeEventListener("visibilitychange", tell);
      client.viewing(conv, false);
    };
  }, [client, conv, isLookingOn]);
}

/** Marked unread before: whoever opens it again has seen that. */
function useUnmark(conv: string, isLookingOn: boolean): void {
  const { client } = useSession();
  useEffect(() => {
    if (!isLookingOn && unmark(conv))
      void client.command(conv, "mark", { unread: false }).catch(() => undefined);
  }, [client, conv, isLookingOn]);
}

function Loading() {
  const { t } = useWords();
  return (
    <div role="status" className="flex min-h-0 flex-1 flex-col justify-end gap-4 p-5">
      <span className="sr-only">{t("loadingThread")}</span>
      <span className="skeleton h-12 w-2/5 rounded-2xl bg-sunken" />
      <span className="skeleton h-16 w-1/2 self-end rounded-2xl bg-sunken" />
      <span className="skeleton h-12 w-1/3 rounded-2xl bg-sunken" />
    </div>
  );
}
