import { CalendarPlus, Copy, Plus, X } from "lucide-react";
import { type ReactNode, useState } from "react";
import { Button } from "../../shared/ui/button";
import { Field, Segments } from "../../shared/ui/form";
import { Card } from "../../shared/ui/page";
import { useScreenWords } from "../../shared/words/screen-words";
import {
  DAYS,
  type Day,
  type Hours,
  type HoursJson,
  type HoursProblem,
  type Interval,
  isOvernight,
  nextInterval,
  problemsOf,
  readHours,
  usualHours,
  writeHours,
  zones,
} from "./hours";
import { WeekStrip } from "./week-strip";

interface HoursCardProps {
  readonly hours: HoursJson | null;
  readonly mayChange: boolean;
  readonly problem: string | undefined;
  readonly onChange: (hours: HoursJson | null, isGood: boolean) => void;
}

/** When people can come: always, or by hours of a week and of holidays in one time zone. */
export function HoursCard({ hours, mayChange, problem, onChange }: HoursCardProps) {
  const { t } = useScreenWords();
  const own = Intl.DateTimeFormat().resolvedOptions().timeZone;
  return (
    <Card title={t("hours")} hint={problem ?? t("hoursHint")}>
      <fieldset disabled={!mayChange} className="flex flex-col gap-5">
        <div>
          <Segments
            label={t("hours")}
            value={hours === null ? "always" : "own"}
            options={[
              { value: "always", label: t("alwaysOpen") },
              { value: "own", label: t("byHours") },
            ]}
            onChange={(kind) =>
              onChange(kind === "always" ? null : writeHours(usualHours(own)), true)
            }
          />
        </div>
        {hours !== null && (
          <Typed
            saved={hours}
            onChange={(next) => onChange(writeHours(next), problemsOf(next).length === 0)}
          />
        )}
      </fieldset>
    </Card>
  );
}

interface TypedProps {
  readonly saved: HoursJson;
  readonly onChange: (hours: Hours) => void;
}

/** Holds what is typed in the order it was typed: the JSON has an order of its own. */
function Typed({ saved, onChange }: TypedProps) {
  const [typed, setTyped] = useState(() => readHours(saved));
  const isOld = JSON.stringify(writeHours(typed)) !== JSON.stringify(writeHours(readHours(saved)));
  return (
    <Editor
      hours={isOld ? readHours(saved) : typed}
      onChange={(next) => {
        setTyped(next);
        onChange(next);
      }}
    />
  );
}

interface EditorProps {
  readonly hours: Hours;
  readonly onChange: (hours: Hours) => void;
}

function Editor({ hours, onChange }: EditorProps) {
  const { t } = useScreenWords();
  const problems = problemsOf(hours);
  const setDay = (day: Day, intervals: readonly Interval[]) =>
    onChange({ ...hours, week: { ...hours.week, [day]: intervals } });
  const copyMonday = () => {
    const [monday, ...others] = DAYS.slice(0, 5);
    const like = hours.week[monday ?? "mon"];
    onChange({
      ...hours,
      week: { ...hours.week, ...Object.fromEntries(others.map((d) => [d, like])) },
    });
  };
  return (
    <>
      <Zone value={hours.timezone} onChange={(timezone) => onChange({ ...hours, timezone })} />
      <div className="grid items-start gap-6 lg:grid-cols-[1fr_18rem]">
        <div className="flex flex-col">
          {DAYS.map((day) => (
            <DayRow
              key={day}
              name={t(`day-${day}`)}
              intervals={hours.week[day]}
              problem={problems.find(({ where }) => where === day)}
              onChange={(intervals) => setDay(day, intervals)}
            />
          ))}
          <Button look="quiet" size="small" className="mt-2 self-start" onClick={copyMonday}>
            <Copy className="size-3.5" aria-hidden="true" /> {t("copyMonday")}
          </Button>
        </div>
        <WeekStrip week={hours.week} />
      </div>
      <Holidays hours={hours} problems={problems} onChange={onChange} />
    </>
  );
}

interface ZoneProps {
  readonly value: string;
  readonly onChange: (value: string) => void;
}

function Zone({ value, onChange }: ZoneProps) {
  const { t } = useScreenWords();
  const known = zones();
  const all = known.includes(value) ? known : [value, ...known];
  return (
    <Field label={t("timeZone")} className="max-w-xs">
      {(wiring) => (
        <select
          className="field"
          value={value}
          onChange={(event) => onChange(event.target.value)}
          {...wiring}
        >
          {all.map((zone) => (
            <option key={zone} value={zone}>
              {zone.replaceAll("_", " ")}
            </option>
          ))}
        </select>
      )}
    </Field>
  );
}

interface DayRowProps {
  readonly name: string;
  readonly intervals: readonly Interval[];
  readonly problem: HoursProblem | undefined;
  readonly onChange: (intervals: readonly Interval[]) => void;
}

function DayRow({ name, intervals, problem, onChange }: DayRowProps) {
  return (
    <div className="flex items-start gap-3 border-b border-line py-2 text-sm last:border-0">
      <span className="w-28 shrink-0 pt-1.5 font-medium">{name}</span>
      <IntervalList name={name} intervals={intervals} problem={problem} onChange={onChange} />
    </div>
  );
}

function IntervalList({ name, intervals, problem, onChange }: DayRowProps) {
  const { t } = useScreenWords();
  const replace = (at: number, part: Partial<Interval>) =>
    onChange(intervals.map((one, i) => (i === at ? { ...one, ...part } : one)));
  return (
    <div className="flex flex-1 flex-col gap-1.5">
      {intervals.map((one, at) => (
        <IntervalRow
          // biome-ignore lint/suspicious/noArrayIndexKey: an interval is its place.
          key={at}
          name={name}
          interval={one}
          onChange={(part) => replace(at, part)}
          onRemove={() => onChange(intervals.filter((_, i) => i !== at))}
        >
          {at === intervals.length - 1 && <Add {...{ name, intervals, onChange }} />}
        </IntervalRow>
      ))}
      {intervals.length === 0 && (
        <div className="flex h-8 items-center gap-2 text-muted">
          {t("closedDay")}
          <Add {...{ name, intervals, onChange }} />
        </div>
      )}
      {problem !== undefined && (
        <p className="text-xs text-danger">{t(`hoursProblem-${problem.kind}`)}</p>
      )}
    </div>
  );
}

function Add({ name, intervals, onChange }: Omit<DayRowProps, "problem">) {
  const { t } = useScreenWords();
  return (
    <Button
      look="quiet"
      size="small"
      aria-label={t("addIntervalTo", { name })}
      onClick={() => onChange([...intervals, nextInterval(intervals)])}
    >
      <Plus className="size-3.5" aria-hidden="true" /> {t("addInterval")}
    </Button>
  );
}

interface IntervalRowProps {
  readonly name: string;
  readonly interval: Interval;
  readonly onChange: (part: Partial<Interval>) => void;
  readonly onRemove: () => void;
  readonly children: ReactNode;
}

function IntervalRow({ name, interval, onChange, onRemove, children }: IntervalRowProps) {
  const { t } = useScreenWords();
  const { from, until } = interval;
  return (
    <div className="flex flex-wrap items-center gap-2">
      <Clock
        label={t("opensOf", { name })}
        value={from}
        onChange={(value) => onChange({ from: value })}
      />
      <span aria-hidden="true">–</span>
      <Clock
        label={t("closesOf", { name })}
        value={until}
        onChange={(value) => onChange({ until: value })}
      />
      {isOvernight(interval) && <span className="text-xs text-muted">{t("nextMorning")}</span>}
      <Button
        look="quiet"
        size="icon"
        aria-label={t("removeName", { name: `${from}–${until}` })}
        onClick={onRemove}
      >
        <X className="size-4" aria-hidden="true" />
      </Button>
      {children}
    </div>
  );
}

interface ClockProps {
  readonly label: string;
  readonly value: string;
  readonly onChange: (value: string) => void;
}

/** A time of the clock. `24:00`, which the browser's own field cannot hold, is shown as `00:00`. */
function Clock({ label, value, onChange }: ClockProps) {
  return (
    <input
      type="time"
      aria-label={label}
      className="field w-auto"
      value={value === "24:00" ? "00:00" : value}
      onChange={(event) => onChange(event.target.value)}
    />
  );
}

interface HolidaysProps extends EditorProps {
  readonly problems: readonly HoursProblem[];
}

function Holidays({ hours, problems, onChange }: HolidaysProps) {
  const { t } = useScreenWords();
  const { holidays } = hours;
  const set = (next: Hours["holidays"]) => onChange({ ...hours, holidays: next });
  const replace = (at: number, part: Partial<Hours["holidays"][number]>) =>
    set(holidays.map((one, i) => (i === at ? { ...one, ...part } : one)));
  return (
    <div className="text-sm">
      <h3 className="mb-1 font-medium">{t("holidays")}</h3>
      <p className="mb-2 text-xs text-muted">{t("holidaysHint")}</p>
      {holidays.map((one, at) => (
        // biome-ignore lint/suspicious/noArrayIndexKey: the date is what is being typed.
        <div key={at} className="flex items-start gap-3 border-b border-line py-2">
          <input
            type="date"
            aria-label={t("holidayDate")}
            className="field w-auto"
            value={one.date}
            onChange={(event) => replace(at, { date: event.target.value })}
          />
          <IntervalList
            name={one.date}
            intervals={one.intervals}
            problem={problems.find(({ where }) => where === one.date)}
            onChange={(intervals) => replace(at, { intervals })}
          />
          <Button
            look="quiet"
            size="icon"
            aria-label={t("removeName", { name: one.date })}
            onClick={() => set(holidays.filter((_, i) => i !== at))}
          >
            <X className="size-4" aria-hidden="true" />
          </Button>
        </div>
      ))}
      <Button
        className="mt-3"
        onClick={() => set([...holidays, { date: newDate(holidays), intervals: [] }])}
      >
        <CalendarPlus className="size-4" aria-hidden="true" /> {t("addHoliday")}
      </Button>
    </div>
  );
}

const DAY_MS = 86_400_000;

/** A day that is no holiday yet: tomorrow, or the one after the last. */
function newDate(holidays: Hours["holidays"]): string {
  const last = holidays.map(({ date }) => Date.parse(date)).filter((ms) => !Number.isNaN(ms));
  return new Date(Math.max(Date.now(), ...last) + DAY_MS).toISOString().slice(0, 10);
}
