import { useState } from "react";
import { Button } from "../../shared/ui/button";
import { Segments } from "../../shared/ui/form";
import { useScreenWords } from "../../shared/words/screen-words";
import { DAYS_MAX, lengthOf, PRESET, PRESETS, type Range, type ReportSearch } from "./range";

interface RangePickProps {
  readonly search: ReportSearch;
  readonly range: Range;
  readonly onChange: (search: ReportSearch) => void;
}

/** So many days up to today, or two days of the calendar. */
export function RangePick({ search, range, onChange }: RangePickProps) {
  const { t } = useScreenWords();
  const isOwn = search.from !== undefined;
  const [isOpen, setOpen] = useState(isOwn);
  const { from: _, to: __, ...rest } = search;
  return (
    <>
      <Segments
        label={t("range")}
        value={isOpen ? "own" : String(search.days ?? PRESET)}
        options={[
          ...PRESETS.map((days) => ({
            value: String(days),
            label: t("lastDays", { count: days }),
          })),
          { value: "own", label: t("ownRange") },
        ]}
        onChange={(value) => {
          setOpen(value === "own");
          if (value !== "own") onChange({ ...rest, days: Number(value) });
        }}
      />
      {isOpen && (
        <OwnRange
          key={range.from + range.to}
          range={range}
          onChange={(own) => onChange({ ...own, queue: search.queue })}
        />
      )}
    </>
  );
}

interface OwnRangeProps {
  readonly range: Range;
  readonly onChange: (range: Range) => void;
}

function OwnRange({ range, onChange }: OwnRangeProps) {
  const { t } = useScreenWords();
  const [from, setFrom] = useState(range.from);
  const [to, setTo] = useState(range.to);
  const isGood = from !== "" && to !== "" && from <= to && lengthOf({ from, to }) <= DAYS_MAX;
  return (
    <form
      className="flex items-center gap-2 text-sm"
      onSubmit={(event) => {
        event.preventDefault();
        if (isGood) onChange({ from, to });
      }}
    >
      <Day label={t("from")} value={from} onChange={setFrom} />
      <span aria-hidden="true">–</span>
      <Day label={t("until")} value={to} onChange={setTo} />
      <Button type="submit" disabled={!isGood}>
        {t("show")}
      </Button>
      {!isGood && (
        <span className="text-xs text-danger">{t("rangeTooLong", { count: DAYS_MAX })}</span>
      )}
    </form>
  );
}

interface DayProps {
  readonly label: string;
  readonly value: string;
  readonly onChange: (value: string) => void;
}

function Day({ label, value, onChange }: DayProps) {
  return (
    <input
      type="date"
      aria-label={label}
      className="field w-auto"
      value={value}
      onChange={(event) => onChange(event.target.value)}
    />
  );
}
