/** Where the parts of a chart stand. Pure. */

export interface Box {
  readonly width: number;
  readonly height: number;
  readonly edge: {
    readonly top: number;
    readonly bottom: number;
    readonly start: number;
    readonly end: number;
  };
  /** How many places there are along the line. */
  readonly count: number;
  /** Time runs from right to left. */
  readonly isMirrored: boolean;
}

interface Values {
  readonly key: string;
  readonly tone: string;
  readonly values: readonly (number | null)[];
}

const TICKS = 4;
const NICE = [1, 2, 5, 10] as const;
/** Steps that people count minutes and hours in. */
const NICE_TIMES = [
  1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1_800, 3_600, 7_200, 14_400, 28_800, 86_400,
];
const GAP = 0.3;
const BAR_MAX = 28;

interface AxisOptions {
  /** Series stand on top of one another. */
  readonly isStacked: boolean;
  /** 60: the values are seconds. */
  readonly unit: number;
  /** The end of the axis, where there is one by nature: five stars. */
  readonly most?: number | undefined;
}

/** From 0 in even, readable steps to what covers every value. */
export function axisOf(series: readonly Values[], options: AxisOptions): number[] {
  const { isStacked, unit, most } = options;
  if (most !== undefined) return Array.from({ length: most + 1 }, (_, at) => at);
  const top = isStacked ? highestStack(series) : highest(series);
  const step = unit === 60 ? timeStep(top) : wholeStep(top);
  const steps = Math.max(1, Math.ceil(top / step));
  return Array.from({ length: steps + 1 }, (_, at) => at * step);
}

function highest(series: readonly Values[]): number {
  return Math.max(0, ...series.flatMap(({ values }) => values.map((value) => value ?? 0)));
}

function highestStack(series: readonly Values[]): number {
  const places = Math.max(0, ...series.map(({ values }) => values.length));
  const sums = Array.from({ length: places }, (_, at) =>
    series.reduce((sum, { values }) => sum + (values[at] ?? 0), 0),
  );
  return Math.max(0, ...sums);
}

function wholeStep(top: number): number {
  const rough = Math.max(1, top / TICKS);
  const power = 10 ** Math.floor(Math.log10(rough));
  return power * (NICE.find((one) => one * power >= rough) ?? 10);
}

function timeStep(top: number): number {
  return NICE_TIMES.find((one) => one >= top / TICKS) ?? 86_400 * Math.ceil(top / TICKS / 86_400);
}

/** The middle of a place, counted from the left of the drawing. */
export function middleOf(at: number, box: Box): number {
  const x = box.edge.start + (at + 0.5) * placeOf(box);
  return box.isMirrored ? box.width - x : x;
}

/** The place under a pointer; null beside them. */
export function indexAt(x: number, box: Box): number | null {
  const along = (box.isMirrored ? box.width - x : x) - box.edge.start;
  const at = Math.floor(along / placeOf(box));
  return at >= 0 && at < box.count ? at : null;
}

function placeOf({ width, edge, count }: Box): number {
  return Math.max(0, width - edge.start - edge.end) / Math.max(1, count);
}

export function barsOf(series: readonly Values[], box: Box, top: number) {
  const inner = box.height - box.edge.top - box.edge.bottom;
  const width = Math.max(1, Math.min(BAR_MAX, placeOf(box) * (1 - GAP)));
  const reached = new Map<number, number>();
  return series.flatMap(({ key, tone, values }) =>
    values.flatMap((value, at) => {
      if (value === null || value === 0) return [];
      const from = reached.get(at) ?? 0;
      reached.set(at, from + value);
      const height = (inner * value) / top;
      const y = box.edge.top + inner * (1 - (from + value) / top);
      return [{ key: `${key}-${at}`, tone, x: middleOf(at, box) - width / 2, y, width, height }];
    }),
  );
}

type Dot = readonly [x: number, y: number];

/** A line through what was measured, broken where nothing was; every measured day has a dot. */
export function linesOf(series: readonly Values[], box: Box, top: number) {
  const inner = box.height - box.edge.top - box.edge.bottom;
  return series.map(({ key, tone, values }) => {
    const dots = values.flatMap((value, at): Dot[] =>
      value === null ? [] : [[middleOf(at, box), box.edge.top + inner * (1 - value / top)]],
    );
    const isFirst = (at: number) => at === 0 || values[at - 1] === null;
    let next = 0;
    const path = values.map((value, at) => {
      if (value === null) return "";
      const [x, y] = dots[next++] ?? [0, 0];
      return `${isFirst(at) ? "M" : "L"}${x} ${y}`;
    });
    return { key, tone, path: path.join(""), dots };
  });
}
