import type { InboxSort, InboxView } from "@chorus/sdk/wire.gen";
import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { useSession } from "../live/session";
import type { Listed } from "./shapes";

/** What agents work with besides conversations: labels, saved views, canned replies, macros. */

export interface Label {
  readonly name: string;
  readonly color: string | null;
  readonly conversations: number;
}

export interface ViewFilter {
  readonly view: InboxView;
  readonly status?: string;
  readonly queue?: string;
  readonly assignee?: string;
  readonly tags?: readonly string[];
  readonly priority?: number;
  readonly unread?: boolean;
  readonly intent?: string;
  readonly sentiment?: string;
}

export interface SavedView {
  readonly id: string;
  readonly name: string;
  readonly filter: ViewFilter;
  readonly sort?: InboxSort | null;
  readonly shared: boolean;
  readonly count: number;
}

export interface CannedReply {
  readonly id: string;
  readonly shortcut: string;
  readonly title: string;
  readonly body: string;
  readonly language: string;
  readonly shared: boolean;
}

export interface Macro {
  readonly id: string;
  readonly name: string;
  readonly shared: boolean;
}

export const deskKeys = {
  labels: ["labels"],
  views: ["saved-views"],
  canned: ["canned-replies"],
  macros: ["macros"],
} as const;

const COUNT_EVERY_MS = 30_000;

function useDeskList<T>(queryKey: readonly string[], path: string, everyMs?: number) {
  const { client } = useSession();
  return useQuery({
    queryKey,
    queryFn: async () => (await client.request<Pick<Listed<T>, "items">>(path)).items,
    ...(everyMs === undefined ? {} : { refetchInterval: everyMs }),
  });
}

export const useLabels = () => useDeskList<Label>(deskKeys.labels, "/livechat/labels");
export const useMacros = () => useDeskList<Macro>(deskKeys.macros, "/livechat/macros");
export const useCanned = () =>
  useDeskList<CannedReply>(deskKeys.canned, "/livechat/canned-replies");
export const useSavedViews = () =>
  useDeskList<SavedView>(deskKeys.views, "/livechat/views", COUNT_EVERY_MS);

export type NewView = Omit<SavedView, "id" | "count">;

export function useSaveView() {
  const { client } = useSession();
  const cache = useQueryClient();
  return useMutation({
    mutationFn: (body: NewView) =>
      client.request<SavedView>("/livechat/views", { method: "POST", body }),
    onSuccess: () => cache.invalidateQueries({ queryKey: deskKeys.views }),
  });
}

export function useForgetView() {
  const { client } = useSession();
  const cache = useQueryClient();
  return useMutation({
    mutationFn: (id: string) => client.request<void>(`/livechat/views/${id}`, { method: "DELETE" }),
    onSuccess: () => cache.invalidateQueries({ queryKey: deskKeys.views }),
  });
}
