import type { ConversationView, TimelineItem } from "@chorus/sdk";
import type { History } from "@chorus/sdk/agent-client";
import { applyDurable, EMPTY_TIMELINE } from "@chorus/sdk/timeline";
import { type InfiniteData, useInfiniteQuery, useQueryClient } from "@tanstack/react-query";
import { useEffect, useMemo, useRef } from "react";
import { keys } from "../../shared/live/keys";
import { useSession } from "../../shared/live/session";

const PAGE = 100;

type Place = { readonly before: number } | { readonly after: number };

export interface TimelineWindow {
  readonly items: readonly TimelineItem[];
  /** True when the window reaches to what is said now. */
  readonly isLive: boolean;
  readonly hasOlder: boolean;
  readonly hasNewer: boolean;
  readonly isLoading: boolean;
  older(): void;
  newer(): void;
}

/**
 * A thread as a window: the live end as frames tell it, and pages of the history read before it.
 * With an anchor, the window begins around that place and grows both ways until it meets the end.
 */
export function useTimeline(view: ConversationView, anchor: number | undefined): TimelineWindow {
  const { client } = useSession();
  const liveFrom = view.items[0]?.seq ?? view.seq + 1;
  // Where the live end began when it was opened: pages before it never change their place.
  const opened = useRef(liveFrom);
  const isElsewhere = anchor !== undefined && anchor < opened.current;
  const start = isElsewhere ? anchor + PAGE / 2 : opened.current;
  const pages = useInfiniteQuery({
    queryKey: keys.history(view.id, start),
    queryFn: ({ pageParam }) => client.history(view.id, { ...pageParam, limit: PAGE }),
    initialPageParam: { before: start } as Place,
    getPreviousPageParam: ({ first }) => (first > view.first ? { before: first } : undefined),
    getNextPageParam: ({ last }) => (last + 1 < liveFrom ? { after: last } : undefined),
    enabled: isElsewhere,
    staleTime: Infinity,
  });
  useAmendments(view.id);
  const read = pages.data?.pages;
  const isLive = !isElsewhere || (read !== undefined && !pages.hasNextPage);
  // The live end lets go of its oldest in a very long thread; what it let go is read as a page.
  const hasHole = !isElsewhere && read !== undefined && pages.hasNextPage && !pages.isFetching;
  const { fetchNextPage } = pages;
  useEffect(() => {
    if (hasHole) void fetchNextPage();
  }, [hasHole, fetchNextPage]);
  const items = useMemo(
    () => joined(read ?? [], isLive ? view.items : []),
    [read, isLive, view.items],
  );
  const isFirstRead = read === undefined && !isElsewhere;
  return {
    items,
    isLive,
    hasOlder: isFirstRead ? liveFrom > Math.max(1, view.first) : pages.hasPreviousPage,
    hasNewer: !isLive,
    isLoading: pages.isFetching,
    // The first page of an ordinary thread is read only when somebody scrolls up to it.
    older: () => void (isFirstRead ? pages.refetch() : pages.fetchPreviousPage()),
    newer: () => void pages.fetchNextPage(),
  };
}

/** Pages and the live end, each place once. */
function joined(pages: readonly History[], live: readonly TimelineItem[]): TimelineItem[] {
  const from = live[0]?.seq ?? Number.POSITIVE_INFINITY;
  return [...pages.flatMap(({ items }) => items).filter((item) => item.seq < from), ...live];
}

/** Messages that were edited, deleted or moderated change in the pages that were read before. */
function useAmendments(conv: string): void {
  const { client } = useSession();
  const cache = useQueryClient();
  useEffect(
    () =>
      client.on("amended", ({ conv: changed, frame }) => {
        if (changed !== conv || frame.event === "conversation.updated") return;
        cache.setQueriesData<InfiniteData<History>>({ queryKey: keys.histories(conv) }, (data) =>
          data === undefined ? data : amended(data, frame),
        );
      }),
    [client, cache, conv],
  );
}

type DurableFrame = Parameters<typeof applyDurable>[1];

export function amended(data: InfiniteData<History>, frame: DurableFrame): InfiniteData<History> {
  const pages = data.pages.map((page) => {
    const timeline = { ...EMPTY_TIMELINE, viewer: "agent" as const, items: page.items };
    const { items } = applyDurable(timeline, frame);
    return items.some((item, at) => item !== page.items[at]) ? { ...page, items } : page;
  });
  return { ...data, pages };
}
