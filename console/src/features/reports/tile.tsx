import { CircleAlert, CircleCheck } from "lucide-react";
import { useScreenWords } from "../../shared/words/screen-words";
import type { Target } from "./shapes";

interface TileProps {
  readonly name: string;
  readonly value: string;
  readonly note?: string;
  readonly target?: Target | undefined;
  readonly format?: (value: number) => string;
}

/** One figure, large, and whether it is as good as was promised. */
export function Tile({ name, value, note, target, format = String }: TileProps) {
  return (
    <li className="flex min-w-0 flex-col gap-0.5 rounded-xl border border-line bg-surface px-5 py-4">
      <span className="text-xs font-medium text-muted">{name}</span>
      <span className="text-2xl font-semibold tracking-tight tabular-nums">{value}</span>
      {target !== undefined && <Verdict target={target} format={format} />}
      {note !== undefined && <span className="text-xs text-muted">{note}</span>}
    </li>
  );
}

interface VerdictProps {
  readonly target: Target;
  readonly format: (value: number) => string;
}

function Verdict({ target, format }: VerdictProps) {
  const { t } = useScreenWords();
  const { bound, met } = target;
  const wanted = t(bound === "min" ? "targetAtLeast" : "targetAtMost", {
    value: format(target.target),
  });
  if (met === null) return <span className="text-xs text-muted">{wanted}</span>;
  const Sign = met ? CircleCheck : CircleAlert;
  return (
    <span
      className={`flex items-center gap-1 text-xs ${met ? "text-good" : "text-danger"}`}
      data-met={met}
    >
      <Sign className="size-3.5 shrink-0" aria-hidden="true" />
      {t(met ? "targetMet" : "targetMissed", { wanted })}
    </span>
  );
}
