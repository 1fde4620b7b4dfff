import type { InboxView } from "@chorus/sdk";
import { useNavigate, useParams, useSearch } from "@tanstack/react-router";
import { MessagesSquare } from "lucide-react";
import { lazy, Suspense, useEffect } from "react";
import { InboxPane } from "../features/inbox/inbox-pane";
import { useActions } from "../shared/keys/use-keys";
import { useSettings } from "../shared/settings/settings";
import { Empty } from "../shared/ui/empty";
import { Keys } from "../shared/ui/kbd";
import { useWords } from "../shared/words/words";
import { type InboxSearch, isConversation, isView } from "./address";

const loadOpen = () => import("./open-conversation");
const OpenConversation = lazy(async () => ({ default: (await loadOpen()).OpenConversation }));

/** The list, the thread that is open, and what is known beside it. */
export function InboxPage() {
  const address = useAddress();
  const { view, conv, search, open, go, hrefOf } = address;
  const { listHidden, set } = useSettings();
  const { message: _, looking: _looking, sort = "latest", status = "open", ...rest } = search;
  // Every other view says itself in which state its conversations are.
  const arrangement = { ...rest, sort, ...(view === "all" ? { status } : {}) };
  useEffect(() => set({ lastView: view }), [set, view]);
  // Whoever sees the list opens one of it next.
  useEffect(() => void loadOpen().catch(() => undefined), []);
  useActions({ toggleList: () => set({ listHidden: !listHidden }) });
  return (
    <div className="flex min-h-0 min-w-0 flex-1" data-reading={conv !== undefined}>
      <div className={listHidden && conv !== undefined ? "hidden" : listClass(conv)}>
        <InboxPane
          view={view}
          conv={conv}
          arrangement={arrangement}
          hrefOf={hrefOf}
          onView={(next) => go(next, {})}
          onSelect={open}
          onNarrow={(next, wanted) => go(next, searchOf(wanted))}
        />
      </div>
      <Suspense fallback={<main className="flex-1 bg-canvas" />}>
        {conv === undefined ? (
          <Nothing />
        ) : (
          <OpenConversation key={conv} {...address} conv={conv} />
        )}
      </Suspense>
    </div>
  );
}

/** What is usual does not stand in the address. */
function searchOf({ sort, status, ...rest }: InboxSearch): InboxSearch {
  return {
    ...rest,
    ...(status === "open" ? {} : { status }),
    ...(sort === "latest" ? {} : { sort }),
  };
}

/** On a narrow screen the list makes room for the thread. */
function listClass(conv: string | undefined): string {
  return conv === undefined ? "flex max-[700px]:flex-1" : "flex max-[700px]:hidden";
}

export type Address = ReturnType<typeof useAddress>;

function useAddress() {
  const navigate = useNavigate();
  const params = useParams({ strict: false });
  const search: InboxSearch = useSearch({ strict: false });
  const view: InboxView = isView(params.view ?? "") ? (params.view as InboxView) : "all";
  const asked = params.conversationId ?? "";
  const conv = isConversation(asked) ? asked.toLowerCase() : undefined;
  const { message: _, ...kept } = search;
  const open = (next: string) =>
    void navigate({
      to: "/inbox/$view/$conversationId",
      params: { view, conversationId: next },
      search: kept,
    });
  const go = (next: InboxView, wanted: InboxSearch) =>
    conv === undefined
      ? void navigate({ to: "/inbox/$view", params: { view: next }, search: wanted })
      : void navigate({
          to: "/inbox/$view/$conversationId",
          params: { view: next, conversationId: conv },
          search: wanted,
        });
  const hrefOf = (next: InboxView, id?: string) =>
    `/console/inbox/${next}${id === undefined ? "" : `/${id}`}`;
  return { view, conv, search, kept, open, go, hrefOf, navigate };
}

function Nothing() {
  const { t } = useWords();
  return (
    <main className="flex-1 bg-canvas max-[700px]:hidden">
      <Empty icon={MessagesSquare} title={t("chooseConversation")}>
        <span className="flex flex-wrap items-center justify-center gap-x-3 gap-y-1.5">
          <Hint keys="J K" words={t("hintMove")} />
          <Hint keys="C" words={t("key-takeNext")} />
          <Hint keys="?" words={t("cheatSheet")} />
        </span>
      </Empty>
    </main>
  );
}

function Hint({ keys, words }: { readonly keys: string; readonly words: string }) {
  return (
    <span className="inline-flex items-center gap-1.5">
      <Keys keys={keys} /> {words}
    </span>
  );
}
