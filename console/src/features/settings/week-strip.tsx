import { useScreenWords } from "../../shared/words/screen-words";
import { DAYS, type Hours, stripsOf } from "./hours";

const HOURS = [0, 6, 12, 18, 24] as const;

/** A week at a glance: one line a day, with what runs over midnight on both days. */
export function WeekStrip({ week }: Pick<Hours, "week">) {
  const { t } = useScreenWords();
  const strips = stripsOf(week);
  return (
    <div className="rounded-lg bg-sunken p-3" aria-hidden="true" dir="ltr">
      <div className="grid grid-cols-[2.2rem_1fr] items-center gap-x-2 gap-y-1.5 text-[11px] text-muted">
        {DAYS.map((day, at) => (
          <div key={day} className="contents">
            <span>{t(`dayShort-${day}`)}</span>
            <svg className="h-4 w-full rounded-sm bg-surface" aria-hidden="true">
              {strips[at]?.map(([from, until]) => (
                <rect
                  key={from}
                  className="fill-accent"
                  x={`${from * 100}%`}
                  width={`${(until - from) * 100}%`}
                  height="100%"
                />
              ))}
            </svg>
          </div>
        ))}
        <span />
        <div className="flex justify-between tabular-nums">
          {HOURS.map((hour) => (
            <span key={hour}>{hour}</span>
          ))}
        </div>
      </div>
    </div>
  );
}
