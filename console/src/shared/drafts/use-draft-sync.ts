import type { AgentClient } from "@chorus/sdk";
import { useQuery } from "@tanstack/react-query";
import { useEffect, useRef } from "react";
import { useSession } from "../live/session";
import {
  type Draft,
  draftKey,
  draftOf,
  filesOf,
  isUntold,
  learnDraft,
  MODES,
  type Mode,
  toldDraft,
  useDrafts,
} from "./drafts";

interface ServerDraft {
  readonly mode: Mode;
  readonly content: string;
  readonly attachments?: readonly string[];
  readonly version: number;
}

const TELL_AFTER_MS = 800;

/** Keep the drafts of a conversation on the server too, so that they are there on other devices. */
export function useDraftSync(conv: string, seq: number): void {
  const { client, agent } = useSession();
  const path = `/livechat/conversations/${conv}/drafts`;
  const known = useQuery({
    queryKey: ["drafts", conv],
    queryFn: async () => (await client.request<{ items: readonly ServerDraft[] }>(path)).items,
    staleTime: 0,
    refetchOnWindowFocus: true,
  }).data;
  useEffect(() => {
    if (known === undefined) return;
    for (const mode of MODES) {
      const draft = known.find((one) => one.mode === mode);
      const { content = "", attachments = [] } = draft ?? {};
      learnDraft(draftKey(agent.id, conv, mode), { text: content, files: attachments });
    }
  }, [known, agent.id, conv]);
  // What is told replaces all of it, so what was there is heard first.
  const isHeard = known !== undefined;
  useTelling({ mode: "reply", conv, seq, isHeard });
  useTelling({ mode: "note", conv, seq, isHeard });
}

interface Place {
  readonly mode: Mode;
  readonly conv: string;
  readonly seq: number;
  readonly isHeard: boolean;
}

function useTelling({ mode, conv, seq, isHeard }: Place): void {
  const { client, agent } = useSession();
  const key = draftKey(agent.id, conv, mode);
  const text = useDrafts(({ texts }) => texts[key]);
  const files = useDrafts((drafts) => drafts.files[key]);
  const seen = useRef(seq);
  seen.current = seq;
  // biome-ignore lint/correctness/useExhaustiveDependencies: what is written is the reason to tell it.
  useEffect(() => {
    if (!isHeard || !isUntold(key)) return;
    const tell = () => {
      const draft = { text: draftOf(key), files: filesOf(key) };
      void told(client, { conv, mode, key, draft, seq: seen.current });
    };
    const timer = setTimeout(tell, TELL_AFTER_MS);
    return () => clearTimeout(timer);
  }, [client, conv, mode, key, text, files, isHeard]);
}

interface Telling extends Pick<Place, "mode" | "conv" | "seq"> {
  readonly key: string;
  readonly draft: Draft;
}

/** A failure leaves the draft in this browser; the next change or visit tells it again. */
async function told(client: AgentClient, { conv, mode, key, draft, seq }: Telling): Promise<void> {
  const path = `/livechat/conversations/${conv}/drafts/${mode}`;
  const { text, files } = draft;
  const body = { content: text, seq, ...(files.length > 0 ? { attachments: files } : {}) };
  const call =
    text.trim() === "" && files.length === 0
      ? client.request(path, { method: "DELETE" })
      : client.request(path, { method: "PUT", body });
  await call.then(
    () => toldDraft(key, draft),
    () => undefined,
  );
}
