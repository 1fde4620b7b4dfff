import type { FloorState } from "@chorus/sdk/frames";
import type { ConversationStatus, SessionState } from "@chorus/sdk/wire.gen";
import { useQuery } from "@tanstack/react-query";
import { useSession } from "../live/session";
import type { Listed } from "./shapes";

export interface Attribute {
  readonly name: string;
  readonly value: unknown;
  readonly signed: boolean;
}

/** Who a customer is; `signed` names what their own backend vouches for. */
export interface Contact {
  readonly id: string;
  readonly name: string | null;
  readonly email: string | null;
  readonly phone: string | null;
  readonly locale: string | null;
  readonly verified: boolean;
  readonly signed: readonly string[];
  readonly attributes: readonly Attribute[];
  readonly lastSeenAt: string | null;
  readonly createdAt: string;
  readonly conversations: number;
}

/** A conversation in a list, as REST spells it. */
export interface ConversationCard {
  readonly id: string;
  readonly status: ConversationStatus;
  readonly floor: FloorState;
  readonly session?: SessionState | null;
  readonly queue?: string | null;
  readonly assignee?: string | null;
  readonly preview: string;
  readonly lastTs: string;
}

const RECENT = 30;

export function useContact(id: string | undefined) {
  const { client } = useSession();
  return useQuery({
    queryKey: ["contact", id],
    queryFn: () => client.request<Contact>(`/livechat/contacts/${id}`),
    enabled: id !== undefined,
  });
}

/** What else a customer talked of, latest first. */
export function useConversationsOf(contact: string | undefined) {
  const { client } = useSession();
  return useQuery({
    queryKey: ["contact", contact, "conversations"],
    queryFn: () =>
      client.request<Listed<ConversationCard>>(`/livechat/contacts/${contact}/conversations`, {
        query: { limit: RECENT },
      }),
    enabled: contact !== undefined,
  });
}
