import { visitorSessionKey } from "@chorus/sdk/session-key";
import { stored } from "../loader/identity";
import type { PanelHost } from "../panel/scene";

const PATIENCE_MS = 10_000;

interface Participant {
  readonly userId: string;
  readonly name: string | null;
}

/** Ask the API who takes part; nobody, where the browser keeps no session to ask with. */
export async function askNames(
  { base, scope, settings }: PanelHost,
  conversationId: string,
): Promise<readonly Participant[]> {
  const session = stored((it) => it.getItem(visitorSessionKey(settings().key, scope)));
  if (session == null) return [];
  const response = await fetch(`${base}/livechat/conversations/${conversationId}`, {
    headers: { Authorization: `Bearer ${JSON.parse(session).token}` },
    signal: AbortSignal.timeout(PATIENCE_MS),
  });
  return response.ok ? (await response.json()).participants : [];
}
