import { keepPreviousData, useInfiniteQuery } from "@tanstack/react-query";
import { useSession } from "../live/session";
import type { Listed } from "./shapes";

type Query = Readonly<Record<string, string | number | undefined>>;

interface PagesOptions {
  readonly isAsked?: boolean;
  readonly everyMs?: number;
}

/** A list that comes in pages; `items` is what came so far. */
export function usePages<T>(path: string, query: Query, options: PagesOptions = {}) {
  const { client } = useSession();
  const asked = useInfiniteQuery({
    queryKey: ["pages", path, query],
    queryFn: ({ pageParam }) =>
      client.request<Listed<T>>(path, {
        query: { ...query, ...(pageParam === null ? {} : { cursor: pageParam }) },
      }),
    initialPageParam: null as string | null,
    getNextPageParam: (last) => last.nextCursor,
    placeholderData: keepPreviousData,
    enabled: options.isAsked ?? true,
    refetchInterval: options.everyMs ?? false,
  });
  const items = asked.data?.pages.flatMap((page) => page.items);
  return { ...asked, data: items };
}
