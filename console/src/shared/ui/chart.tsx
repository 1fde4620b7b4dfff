import { type PointerEvent, useLayoutEffect, useRef, useState } from "react";
import { calendarDay } from "../words/figures";
import { useScreenWords } from "../words/screen-words";
import { axisOf, type Box, barsOf, indexAt, linesOf, middleOf } from "./chart-shapes";
import { cx } from "./class";
import { Cell, Row, Table } from "./table";

export type Tone = "first" | "second" | "third" | "quiet";

export interface Series {
  readonly key: string;
  readonly label: string;
  readonly tone: Tone;
  /** One for each day; null: nothing to measure. */
  readonly values: readonly (number | null)[];
}

interface ChartProps {
  readonly label: string;
  readonly kind: "bars" | "lines";
  readonly days: readonly string[];
  readonly series: readonly Series[];
  readonly format: (value: number | null) => string;
  /** Steps of the axis that people count in, like minutes. */
  readonly unit?: number;
  /** The end of the axis, where there is one by nature. */
  readonly most?: number;
}

const HEIGHT = 190;
const EDGE = { top: 8, bottom: 24, start: 52, end: 6 };
const FILLS: Record<Tone, string> = {
  first: "fill-[#4a41c4] dark:fill-[#9a93f7]",
  second: "fill-[#14868c] dark:fill-[#5cc8cd]",
  third: "fill-[#b8571b] dark:fill-[#eb9c66]",
  quiet: "fill-[#85857c] dark:fill-[#7c7c84]",
};
const LINES: Record<Tone, string> = {
  first: "stroke-[#4a41c4] dark:stroke-[#9a93f7]",
  second: "stroke-[#14868c] dark:stroke-[#5cc8cd]",
  third: "stroke-[#b8571b] dark:stroke-[#eb9c66]",
  quiet: "stroke-[#85857c] dark:stroke-[#7c7c84]",
};
const DOTS: Record<Tone, string> = {
  first: "bg-[#4a41c4] dark:bg-[#9a93f7]",
  second: "bg-[#14868c] dark:bg-[#5cc8cd]",
  third: "bg-[#b8571b] dark:bg-[#eb9c66]",
  quiet: "bg-[#85857c] dark:bg-[#7c7c84]",
};

/** Figures by day, drawn; and the same as a table for whoever cannot see or wants to copy them. */
export function Chart(props: ChartProps) {
  const { t } = useScreenWords();
  const { label, series } = props;
  return (
    <figure className="flex min-w-0 flex-col gap-3">
      <Legend series={series} />
      <Drawing {...props} />
      <figcaption>
        <details className="text-sm">
          <summary className="w-fit cursor-pointer rounded text-xs text-muted hover:text-ink">
            {t("asTable")}
          </summary>
          <div className="mt-2 max-h-72 overflow-y-auto rounded-lg border border-line">
            <DayTable {...props} label={label} />
          </div>
        </details>
      </figcaption>
    </figure>
  );
}

function Legend({ series }: Pick<ChartProps, "series">) {
  return (
    <ul className="flex flex-wrap gap-x-4 gap-y-1 text-xs text-muted">
      {series.map(({ key, label, tone }) => (
        <li key={key} className="inline-flex items-center gap-1.5">
          <span className={cx("size-2.5 rounded-sm", DOTS[tone])} aria-hidden="true" />
          {label}
        </li>
      ))}
    </ul>
  );
}

function Drawing(props: ChartProps) {
  const { label, kind, days, series, format, unit = 1, most } = props;
  const words = useScreenWords();
  const [frame, width] = useWidth();
  const [at, setAt] = useState<number | null>(null);
  const isMirrored = words.dir === "rtl";
  const box: Box = { width, height: HEIGHT, edge: EDGE, count: days.length, isMirrored };
  const axis = axisOf(series, { isStacked: kind === "bars", unit, most });
  const point = ({ clientX, currentTarget }: PointerEvent) =>
    setAt(indexAt(clientX - currentTarget.getBoundingClientRect().left, box));
  return (
    <div
      ref={frame}
      className="relative min-w-0"
      onPointerMove={point}
      onPointerLeave={() => setAt(null)}
    >
      <svg width={width} height={HEIGHT} role="img" aria-label={label} className="block">
        <Grid box={box} ticks={axis} format={format} />
        <Days box={box} days={days} />
        {at !== null && (
          <rect
            className="fill-ink opacity-5"
            x={middleOf(at, box) - 10}
            y={EDGE.top}
            width={20}
            height={HEIGHT - EDGE.top - EDGE.bottom}
            rx={3}
          />
        )}
        {kind === "bars"
          ? barsOf(series, box, axis.at(-1) ?? 1).map(({ key, tone, ...rest }) => (
              <rect key={key} className={FILLS[tone as Tone]} rx={1.5} {...rest} />
            ))
          : linesOf(series, box, axis.at(-1) ?? 1).map(({ key, tone, path, dots }) => (
              <g key={key}>
                <path d={path} fill="none" strokeWidth={2} className={LINES[tone as Tone]} />
                {dots.map(([x, y]) => (
                  <circle key={x} cx={x} cy={y} r={2.5} className={FILLS[tone as Tone]} />
                ))}
              </g>
            ))}
      </svg>
      {at !== null && <Tip {...props} at={at} box={box} />}
    </div>
  );
}

interface GridProps {
  readonly box: Box;
  readonly ticks: readonly number[];
  readonly format: ChartProps["format"];
}

function Grid({ box, ticks, format }: GridProps) {
  const top = ticks.at(-1) ?? 1;
  const inner = HEIGHT - EDGE.top - EDGE.bottom;
  return ticks.map((tick) => {
    const y = EDGE.top + inner * (1 - tick / top);
    return (
      <g key={tick}>
        <line
          x1={box.isMirrored ? EDGE.end : EDGE.start}
          x2={box.width - (box.isMirrored ? EDGE.start : EDGE.end)}
          y1={y}
          y2={y}
          className="stroke-line"
        />
        <text
          x={box.isMirrored ? box.width - EDGE.start + 8 : EDGE.start - 8}
          y={y + 4}
          textAnchor="end"
          className="fill-muted text-[11px] tabular-nums"
        >
          {format(tick)}
        </text>
      </g>
    );
  });
}

const LABEL_PX = 64;

function Days({ box, days }: { readonly box: Box; readonly days: readonly string[] }) {
  const words = useScreenWords();
  const each = Math.max(1, Math.ceil((days.length * LABEL_PX) / Math.max(1, box.width - 60)));
  return days.map((day, at) =>
    at % each === 0 ? (
      <text
        key={day}
        x={middleOf(at, box)}
        y={HEIGHT - 6}
        textAnchor="middle"
        className="fill-muted text-[11px]"
      >
        {calendarDay(day, words)}
      </text>
    ) : null,
  );
}

function Tip({ days, series, format, at, box }: ChartProps & { at: number; box: Box }) {
  const words = useScreenWords();
  const x = middleOf(at, box);
  const isLeft = x > box.width / 2;
  return (
    <div
      className="pointer-events-none absolute top-2 z-10 min-w-36 rounded-lg border border-line bg-surface px-3 py-2 text-xs shadow-pop"
      style={isLeft ? { right: box.width - x + 14 } : { left: x + 14 }}
      aria-hidden="true"
    >
      <p className="mb-1 font-semibold">
        {calendarDay(days[at] ?? "", words, { weekday: "short", day: "numeric", month: "short" })}
      </p>
      {series.map(({ key, label, tone, values }) => (
        <p key={key} className="flex items-center gap-2">
          <span className={cx("size-2 rounded-sm", DOTS[tone])} />
          <span className="me-auto pe-3 text-muted">{label}</span>
          <span className="tabular-nums">{format(values[at] ?? null)}</span>
        </p>
      ))}
    </div>
  );
}

function DayTable({ label, days, series, format }: ChartProps) {
  const words = useScreenWords();
  return (
    <Table label={label} head={[words.t("day"), ...series.map((one) => one.label)]} figuresFrom={1}>
      {days.map((day, at) => (
        <Row key={day}>
          <Cell isHead>
            {calendarDay(day, words, { weekday: "short", day: "numeric", month: "short" })}
          </Cell>
          {series.map((one) => (
            <Cell key={one.key} isFigure>
              {format(one.values[at] ?? null)}
            </Cell>
          ))}
        </Row>
      ))}
    </Table>
  );
}

const FIRST_WIDTH = 640;

/** How wide an element is, also after the window changed. */
function useWidth() {
  const frame = useRef<HTMLDivElement>(null);
  const [width, setWidth] = useState(FIRST_WIDTH);
  useLayoutEffect(() => {
    const element = frame.current;
    if (element === null) return;
    const watching = new ResizeObserver(() => setWidth(element.clientWidth));
    watching.observe(element);
    setWidth(element.clientWidth);
    return () => watching.disconnect();
  }, []);
  return [frame, width] as const;
}
