import { CircleCheck, CircleX, Clock, type LucideIcon, RefreshCw } from "lucide-react";
import { cx } from "../../shared/ui/class";
import { useScreenWords } from "../../shared/words/screen-words";
import type { Source } from "./source-shapes";

const LOOKS: Record<Source["state"], { readonly sign: LucideIcon; readonly tone: string }> = {
  queued: { sign: Clock, tone: "text-muted" },
  indexing: { sign: RefreshCw, tone: "text-accent-text" },
  ready: { sign: CircleCheck, tone: "text-good" },
  failed: { sign: CircleX, tone: "text-danger" },
};

/** Whether it is found yet; why not, or what was taken out, in the words of who read it. */
export function Standing({ source }: { readonly source: Source }) {
  const { t } = useScreenWords();
  const { state, note, heldBack } = source;
  const { sign: Sign, tone } = LOOKS[state];
  return (
    <span data-source-state={state} className="flex flex-col">
      <span className={cx("inline-flex items-center gap-1.5 font-medium", tone)}>
        <Sign className="size-3.5 shrink-0" aria-hidden="true" /> {t(`sourceState-${state}`)}
      </span>
      {note !== "" && (
        <span dir="auto" className="text-xs text-muted">
          {note}
        </span>
      )}
      {heldBack > 0 && (
        <span className="text-xs text-warn">{t("heldBack", { count: heldBack })}</span>
      )}
    </span>
  );
}
