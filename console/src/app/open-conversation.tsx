import type { PendingMessage } from "@chorus/sdk";
import { lazy, Suspense, useState } from "react";
import { Composer } from "../features/composer/composer";
import { ContextPane } from "../features/context/context-pane";
import { useContextKeys } from "../features/context/use-context-keys";
import { LookingOn, LookOn } from "../features/thread/looking-on";
import { ThreadPane } from "../features/thread/thread-pane";
import { useSnapshot } from "../shared/api/queries";
import { draftKey, draftOf, filesOf, setDraft, setFiles } from "../shared/drafts/drafts";
import { perform, useActions } from "../shared/keys/use-keys";
import { useConversation } from "../shared/live/hooks";
import { useSession } from "../shared/live/session";
import { useSettings } from "../shared/settings/settings";
import type { Address } from "./inbox-page";

const TransferDialog = lazy(async () => ({
  default: (await import("../features/transfer/transfer-dialog")).TransferDialog,
}));

/** The thread, what is written in it, and what is known beside it. */
export function OpenConversation({
  view,
  conv,
  search,
  kept,
  open,
  hrefOf,
  navigate,
}: Address & { conv: string }) {
  const { agent } = useSession();
  const conversation = useConversation(conv);
  const contact = useSnapshot(conv).data?.contact;
  const contextHidden = useSettings((settings) => settings.contextHidden);
  const isLookingOn = search.looking === true;
  const [transfer, setTransfer] = useState<"colleague" | "bot" | null>(null);
  const anchorAt = (message: number | undefined) =>
    void navigate({
      to: "/inbox/$view/$conversationId",
      params: { view, conversationId: conv },
      search: { ...kept, message },
      replace: true,
    });
  const takePart = () => {
    const { looking: _, ...search } = kept;
    const params = { view, conversationId: conv };
    void navigate({ to: "/inbox/$view/$conversationId", params, search, replace: true });
  };
  const toList = () => void navigate({ to: "/inbox/$view", params: { view }, search: kept });
  const edit = ({ content, attachments = [], visibility }: PendingMessage["body"]) => {
    const mode = visibility === "agents" ? "note" : "reply";
    const key = draftKey(agent.id, conv, mode);
    setDraft(key, [content, draftOf(key)].filter(Boolean).join("\n"));
    if (attachments.length > 0) setFiles(key, [...new Set([...attachments, ...filesOf(key)])]);
    perform(mode);
  };
  useContextKeys(isLookingOn);
  useActions({
    leave: () => document.querySelector<HTMLElement>("[data-conv][aria-current=true]")?.focus(),
  });
  return (
    <>
      <main className="flex min-w-0 flex-1">
        <LookingOn value={isLookingOn}>
          <ThreadPane
            conv={conv}
            contact={contact}
            anchor={search.message}
            onAnchor={anchorAt}
            onBack={toList}
            onResolved={() => void perform("next")}
            onTransfer={setTransfer}
            onEdit={edit}
            composer={(live) =>
              isLookingOn ? (
                <LookOn view={live} onTakePart={takePart} />
              ) : (
                <Composer conv={conv} view={live} onLeave={focusList} />
              )
            }
          />
        </LookingOn>
      </main>
      {!contextHidden && conversation != null && (
        <ContextPane
          view={conversation}
          onAnchor={anchorAt}
          hrefOf={(id) => hrefOf("all", id)}
          onSelect={open}
          isLookingOn={isLookingOn}
        />
      )}
      <Suspense>
        {transfer !== null && (
          <TransferDialog conv={conv} kind={transfer} onClose={() => setTransfer(null)} />
        )}
      </Suspense>
    </>
  );
}

function focusList(): void {
  const row = document.querySelector<HTMLElement>("[data-conv][aria-current=true]");
  if (row === null) (document.activeElement as HTMLElement | null)?.blur();
  else row.focus();
}
