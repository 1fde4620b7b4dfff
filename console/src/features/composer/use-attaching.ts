import { useQuery, useQueryClient } from "@tanstack/react-query";
import { type RefObject, useEffect, useMemo, useRef } from "react";
import { useDrafts } from "../../shared/drafts/drafts";
import { fileSize } from "../../shared/files/cards";
import { bringsFiles } from "../../shared/files/carried";
import { useIsOnline } from "../../shared/live/hooks";
import { useSession } from "../../shared/live/session";
import { showToast } from "../../shared/ui/toasts";
import { useWords } from "../../shared/words/words";
import { attach, type Limits, retryAttaching, useAttaching } from "./attached";

const NONE: readonly string[] = [];

/** The files of a draft: what is there, what is on its way, and how more get there. */
export function useFiles(conv: string, draft: string) {
  const { client } = useSession();
  const cache = useQueryClient();
  const words = useWords();
  const { t } = words;
  const limits = useLimits();
  const ready = useDrafts(({ files }) => files[draft]) ?? NONE;
  const all = useAttaching((store) => store.all);
  const underWay = useMemo(() => all.filter((one) => one.draft === draft), [all, draft]);
  const add = (files: readonly File[]) => {
    const carrier = { client, cache, conv, draft };
    const size = limits === undefined ? "" : fileSize(limits.maxBytes, words);
    for (const refusal of attach(carrier, files, limits)) {
      showToast({ id: "files", text: t(`files-${refusal}`, { size }), tone: "problem" });
    }
  };
  const isOnline = useIsOnline();
  // biome-ignore lint/correctness/useExhaustiveDependencies: that the network is back is the reason.
  useEffect(() => {
    for (const { id, status } of isOnline ? underWay : []) {
      if (status === "failed") retryAttaching(id);
    }
  }, [isOnline]);
  const problem = underWay.some(({ status }) => status === "sending")
    ? t("filesUnderWay")
    : underWay.length > 0
      ? t("filesStuck")
      : "";
  return { ready, underWay, count: ready.length + underWay.length, limits, add, problem };
}

const LIMITS_FRESH_MS = 10 * 60_000;

function useLimits(): Limits | undefined {
  const { client } = useSession();
  return useQuery({
    queryKey: ["file-limits"],
    queryFn: () => client.request<Limits>("/livechat/attachments/limits"),
    staleTime: LIMITS_FRESH_MS,
  }).data;
}

/** Files that are dropped on the thread, or pasted while it is open. */
export function useFileDrops(
  within: RefObject<HTMLElement | null>,
  add: (files: readonly File[]) => void,
): void {
  const latest = useRef(add);
  latest.current = add;
  useEffect(() => {
    const place = within.current?.closest<HTMLElement>("main");
    if (place == null) return;
    const take = (event: Event, carried: DataTransfer | null) => {
      if (event.defaultPrevented || !bringsFiles(carried)) return;
      event.preventDefault();
      place.toggleAttribute("data-dropping", event.type === "dragover");
      if (event.type !== "dragover") latest.current([...(carried?.files ?? [])]);
    };
    const onDrag = (event: DragEvent) => take(event, event.dataTransfer);
    const onLeave = ({ relatedTarget }: DragEvent) => {
      if (!place.contains(relatedTarget as Node | null)) place.removeAttribute("data-dropping");
    };
    const onPaste = (event: ClipboardEvent) => {
      const { target } = event;
      const isHere = target === document.body || place.contains(target as Node | null);
      if (isHere) take(event, event.clipboardData);
    };
    place.addEventListener("dragover", onDrag);
    place.addEventListener("drop", onDrag);
    place.addEventListener("dragleave", onLeave);
    document.addEventListener("paste", onPaste);
    return () => {
      place.removeEventListener("dragover", onDrag);
      place.removeEventListener("drop", onDrag);
      place.removeEventListener("dragleave", onLeave);
      document.removeEventListener("paste", onPaste);
    };
  }, [within]);
}
