import type { AgentClient } from "@chorus/sdk";
import { useQuery } from "@tanstack/react-query";
import { useEffect, useRef } from "react";
import { useSession } from "../live/session";
import { draftKey, isUntold, learnDraft, MODES, type Mode, toldDraft, useDrafts } from "./drafts";

interface ServerDraft {
  readonly mode: Mode;
  readonly content: string;
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
      learnDraft(draftKey(agent.id, conv, mode), draft?.content ?? "");
    }
  }, [known, agent.id, conv]);
  useTelling("reply", conv, seq);
  useTelling("note", conv, seq);
}

function useTelling(mode: Mode, conv: string, seq: number): void {
  const { client, agent } = useSession();
  const key = draftKey(agent.id, conv, mode);
  const text = useDrafts(({ texts }) => texts[key]);
  const seen = useRef(seq);
  seen.current = seq;
  useEffect(() => {
    if (text === undefined || !isUntold(key)) return;
    const tell = () => void told(client, { conv, mode, key, text, seq: seen.current });
    const timer = setTimeout(tell, TELL_AFTER_MS);
    return () => clearTimeout(timer);
  }, [client, conv, mode, key, text]);
}

interface Telling {
  readonly conv: string;
  readonly mode: Mode;
  readonly key: string;
  readonly text: string;
  readonly seq: number;
}

/** A failure leaves the draft in this browser; the next change or visit tells it again. */
async function told(client: AgentClient, { conv, mode, key, text, seq }: Telling): Promise<void> {
  const path = `/livechat/conversations/${conv}/drafts/${mode}`;
  const call =
    text.trim() === ""
      ? client.request(path, { method: "DELETE" })
      : client.request(path, { method: "PUT", body: { content: text, seq } });
  await call.then(
    () => toldDraft(key, text),
    () => undefined,
  );
}
