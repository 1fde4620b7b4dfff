import { count, duration, share } from "../../shared/words/figures";
import { useScreenWords } from "../../shared/words/screen-words";
import { stepsOf } from "./figures";
import { APART, type Figures, OFFERS } from "./shapes";

interface TotalProps {
  readonly total: Figures;
}

/** How far wishes came, each step as long as its share. */
export function Funnel({ total }: TotalProps) {
  const words = useScreenWords();
  const { t } = words;
  return (
    <ol className="flex flex-col gap-2.5">
      {stepsOf(total).map((step) => (
        <li key={step.key} className="grid grid-cols-[8rem_1fr_6.5rem] items-center gap-3 text-sm">
          <span className="text-muted">{t(`funnel-${step.key}`)}</span>
          <Bar share={step.share ?? 0} />
          <span className="text-end tabular-nums">
            <span className="font-semibold">{count(step.count, words)}</span>{" "}
            <span className="text-xs text-muted">{share(step.share, words)}</span>
          </span>
        </li>
      ))}
    </ol>
  );
}

export function Bar({
  share: part,
  isWarm,
}: {
  readonly share: number;
  readonly isWarm?: boolean;
}) {
  const tone = isWarm === true ? "fill-[#b8571b] dark:fill-[#eb9c66]" : "fill-accent";
  return (
    <svg className="h-5 w-full overflow-hidden rounded bg-sunken" aria-hidden="true">
      <rect className={`${tone} in-[[dir=rtl]]:hidden`} height="100%" width={`${part * 100}%`} />
      <rect
        className={`${tone} hidden in-[[dir=rtl]]:block`}
        x={`${(1 - part) * 100}%`}
        height="100%"
        width={`${part * 100}%`}
      />
    </svg>
  );
}

/** What was told of waits, and what they were. */
export function Promises({ total: { etaSeconds } }: TotalProps) {
  const words = useScreenWords();
  const { t } = words;
  const { promised, promisedMean, actualMean, late } = etaSeconds;
  if (promised === 0) return <p className="text-sm text-muted">{t("nothingPromised")}</p>;
  const longest = Math.max(promisedMean ?? 0, actualMean ?? 0, 1);
  return (
    <div className="flex flex-col gap-2.5 text-sm">
      <Compared name={t("promised")} seconds={promisedMean} longest={longest} />
      <Compared name={t("actually")} seconds={actualMean} longest={longest} isWarm />
      <p className="mt-2 text-muted">
        {t("lateBy", { p50: duration(late.p50, words), p90: duration(late.p90, words) })}
      </p>
      <p className="text-xs text-muted">{t("promisesCount", { count: promised })}</p>
    </div>
  );
}

interface ComparedProps {
  readonly name: string;
  readonly seconds: number | null;
  readonly longest: number;
  readonly isWarm?: boolean;
}

function Compared({ name, seconds, longest, isWarm = false }: ComparedProps) {
  const words = useScreenWords();
  return (
    <div className="grid grid-cols-[8rem_1fr_6.5rem] items-center gap-3">
      <span className="text-muted">{name}</span>
      <Bar share={(seconds ?? 0) / longest} isWarm={isWarm} />
      <span className="text-end font-semibold tabular-nums">{duration(seconds, words)}</span>
    </div>
  );
}

/** What became of the others, and of offers. */
export function Outcomes({ total }: TotalProps) {
  const words = useScreenWords();
  const { t } = words;
  return (
    <div className="grid gap-x-8 gap-y-4 text-sm sm:grid-cols-2">
      <Counts
        title={t("notAnswered")}
        rows={APART.map((key) => [t(`apart-${key}`), count(total.apart[key], words)])}
      />
      <Counts
        title={t("offers")}
        rows={OFFERS.map((key) => [t(`offers-${key}`), count(total.offers[key], words)])}
      />
    </div>
  );
}

interface CountsProps {
  readonly title: string;
  readonly rows: readonly (readonly [string, string])[];
}

function Counts({ title, rows }: CountsProps) {
  return (
    <div>
      <h3 className="mb-1 text-xs font-semibold text-muted">{title}</h3>
      <dl>
        {rows.map(([name, value]) => (
          <div
            key={name}
            className="flex justify-between gap-3 border-b border-line py-1.5 last:border-0"
          >
            <dt>{name}</dt>
            <dd className="tabular-nums">{value}</dd>
          </div>
        ))}
      </dl>
    </div>
  );
}
