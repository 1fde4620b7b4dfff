import { asChorusError } from "@chorus/sdk";
import { keepPreviousData, useQuery } from "@tanstack/react-query";
import { useSession } from "../../shared/live/session";
import { saveFile } from "../../shared/ui/save-file";
import { showToast } from "../../shared/ui/toasts";
import { type Range, timeZone } from "./range";
import type { EscalationReport } from "./shapes";

const FRESH_MS = 60_000;

/** What became of the wishes for a person in these days. */
export function useEscalation(range: Range, queue: string | undefined) {
  const { client } = useSession();
  const query = { from: range.from, to: range.to, tz: timeZone(), queue };
  return useQuery({
    queryKey: ["report", "escalation", query],
    queryFn: () => client.request<EscalationReport>("/reports/escalation", { query }),
    staleTime: FRESH_MS,
    placeholderData: keepPreviousData,
  });
}

/** Fetch the same as a table and hand it over as a file. */
export function useCsv(range: Range, queue: string | undefined): () => Promise<void> {
  const { client } = useSession();
  return async () => {
    const query = new URLSearchParams({
      from: range.from,
      to: range.to,
      tz: timeZone(),
      format: "csv",
      ...(queue === undefined ? {} : { queue }),
    });
    try {
      const file = await client.file(`/reports/escalation?${query}`);
      saveFile(file, `escalation-${range.from}-${range.to}.csv`);
    } catch (cause) {
      showToast({ text: asChorusError(cause).message, tone: "problem" });
    }
  };
}
