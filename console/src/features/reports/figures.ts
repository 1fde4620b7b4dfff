import { type Figures, FUNNEL, type Target } from "./shapes";

export interface Step {
  readonly key: (typeof FUNNEL)[number];
  readonly count: number;
  /** Of those who asked; null when nobody did. */
  readonly share: number | null;
}

/** How far wishes came, each as a share of all wishes. */
export function stepsOf({ funnel }: Pick<Figures, "funnel">): readonly Step[] {
  const { requested } = funnel;
  return FUNNEL.map((key) => ({
    key,
    count: funnel[key],
    share: requested === 0 ? null : funnel[key] / requested,
  }));
}

/** Whether a target is met; undefined: there is none, or nothing to measure. */
export function verdictOn(targets: readonly Target[], figure: string): Target | undefined {
  return targets.find((one) => one.figure === figure);
}

export function isEmpty({ funnel, apart }: Pick<Figures, "funnel" | "apart">): boolean {
  return funnel.requested === 0 && apart.cancelled === 0 && apart.unasked === 0;
}
