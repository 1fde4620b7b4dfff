import type { Message, TimelineItem } from "@chorus/sdk";
import { useInfiniteQuery } from "@tanstack/react-query";
import { Paperclip } from "lucide-react";
import { useNames, useSnapshot } from "../../shared/api/queries";
import { contactName } from "../../shared/domain/people";
import { type FileRef, filesIn } from "../../shared/files/cards";
import { FileView } from "../../shared/files/file-view";
import { keys } from "../../shared/live/keys";
import { useSession } from "../../shared/live/session";
import { Button } from "../../shared/ui/button";
import { Empty } from "../../shared/ui/empty";
import { dateTime } from "../../shared/words/time";
import { useWords } from "../../shared/words/words";
import type { ContextProps } from "./context-pane";

const PAGE = 200;

export interface Sent {
  readonly file: FileRef;
  readonly message: Message;
}

/** Files of this conversation, the latest first, each with the way to its message. */
export function FilesTab({ view, onAnchor }: ContextProps) {
  const { t } = useWords();
  const earlier = useEarlier(view);
  const sent = [...sentIn(view.items), ...sentIn(earlier.items)];
  return (
    <div className="flex flex-col items-stretch gap-3">
      {sent.length === 0 && !earlier.hasMore ? (
        <Empty icon={Paperclip} title={t("noFiles")}>
          {t("noFilesHint")}
        </Empty>
      ) : (
        <ul aria-label={t("tab-files")} className="flex flex-col gap-4">
          {sent.map((one) => (
            <SentFile key={one.file.id} sent={one} view={view} onAnchor={onAnchor} />
          ))}
        </ul>
      )}
      {earlier.hasMore && (
        <Button
          className="self-center"
          size="small"
          disabled={earlier.isLoading}
          onClick={earlier.more}
        >
          {t(earlier.isLoading ? "loading" : "older")}
        </Button>
      )}
    </div>
  );
}

/** What is not at the live end any more is read page by page, by whoever looks for it. */
function useEarlier({ id, items, first }: Pick<ContextProps["view"], "id" | "items" | "first">) {
  const { client } = useSession();
  const from = items[0]?.seq ?? 1;
  const pages = useInfiniteQuery({
    queryKey: [...keys.histories(id), "files"],
    queryFn: ({ pageParam }) => client.history(id, { before: pageParam ?? from, limit: PAGE }),
    initialPageParam: null as number | null,
    getNextPageParam: (page) => (page.first > Math.max(1, first) ? page.first : undefined),
    enabled: false,
    staleTime: Number.POSITIVE_INFINITY,
  });
  const read = pages.data?.pages;
  return {
    items: read?.toReversed().flatMap((page) => page.items) ?? [],
    hasMore: read === undefined ? from > Math.max(1, first) : pages.hasNextPage,
    isLoading: pages.isFetching,
    more: () => void (read === undefined ? pages.refetch() : pages.fetchNextPage()),
  };
}

/** What messages carry, the latest first. */
export function sentIn(items: readonly TimelineItem[]): Sent[] {
  return items.toReversed().flatMap((item) => {
    if (item.kind !== "message" || item.hidden) return [];
    return filesIn(item).map((file) => ({ file, message: item }));
  });
}

interface SentFileProps extends Pick<ContextProps, "view" | "onAnchor"> {
  readonly sent: Sent;
}

function SentFile({ sent: { file, message }, view, onAnchor }: SentFileProps) {
  const words = useWords();
  const names = useNames(view.id);
  const contact = useSnapshot(view.id).data?.contact;
  const name =
    message.role === "customer"
      ? contactName(contact?.name, contact?.id ?? view.id, words)
      : (names.get(message.userId ?? "") ?? words.t(message.role === "bot" ? "bot" : "colleague"));
  return (
    <li className="flex flex-col items-start gap-1">
      <FileView file={file} />
      <button
        type="button"
        className="cursor-pointer rounded text-start text-xs text-muted hover:text-ink hover:underline"
        onClick={() => onAnchor(message.seq)}
      >
        <bdi>{name}</bdi> · <time dateTime={message.ts}>{dateTime(message.ts, words)}</time>
      </button>
    </li>
  );
}
