import { asChorusError } from "@chorus/sdk";
import { keepPreviousData, useQuery } from "@tanstack/react-query";
import { useSession } from "../../shared/live/session";
import { saveFile } from "../../shared/ui/save-file";
import { showToast } from "../../shared/ui/toasts";
import { type Range, timeZone } from "./range";
import type { ReportName, Reports } from "./shapes";

const FRESH_MS = 60_000;

/** One of the reports over these days; only the first knows queues. */
export function useReport<N extends ReportName>(name: N, range: Range, queue: string | undefined) {
  const { client } = useSession();
  const query = queryOf(name, range, queue);
  return useQuery({
    queryKey: ["report", name, query],
    queryFn: () => client.request<Reports[N]>(`/reports/${name}`, { query }),
    staleTime: FRESH_MS,
    placeholderData: keepPreviousData,
  });
}

/** Fetch the same as a table and hand it over as a file. */
export function useCsv(name: ReportName, range: Range, queue: string | undefined) {
  const { client } = useSession();
  return async () => {
    const query = new URLSearchParams({ ...queryOf(name, range, queue), format: "csv" });
    try {
      const file = await client.file(`/reports/${name}?${query}`);
      saveFile(file, `${name}-${range.from}-${range.to}.csv`);
    } catch (cause) {
      showToast({ text: asChorusError(cause).message, tone: "problem" });
    }
  };
}

export function knowsQueues(name: ReportName): boolean {
  return name === "escalation";
}

function queryOf(name: ReportName, { from, to }: Range, queue: string | undefined) {
  const narrowed = queue === undefined || !knowsQueues(name) ? {} : { queue };
  return { from, to, tz: timeZone(), ...narrowed };
}
