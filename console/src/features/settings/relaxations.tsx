import { SelectField } from "../../shared/ui/form";
import { SecondsField } from "../../shared/ui/number-field";
import { useScreenWords } from "../../shared/words/screen-words";
import { DEMANDS, type Relaxation } from "./shapes";

interface RelaxationProps {
  /** null: as the router does by itself; []: never. */
  readonly value: readonly Relaxation[] | null;
  readonly problem: string | undefined;
  readonly onChange: (value: readonly Relaxation[] | null) => void;
}

/** What the router does where a queue says nothing. */
const USUAL: readonly Relaxation[] = [
  { demand: "language", afterSeconds: 30 },
  { demand: "optional_skills", afterSeconds: 60 },
];

/** Which wishes for an agent are given up, and after which wait. */
export function RelaxationFields({ value, problem, onChange }: RelaxationProps) {
  const { t } = useScreenWords();
  const kind = value === null ? "usual" : "own";
  return (
    <div className="flex flex-col gap-4">
      <SelectField
        label={t("relaxations")}
        value={kind}
        hint={t("relaxationsHint")}
        problem={problem}
        options={[
          { value: "usual", label: t("relaxations-usual") },
          { value: "own", label: t("relaxations-own") },
        ]}
        onChange={(chosen) => onChange(chosen === "usual" ? null : USUAL)}
      />
      {value !== null &&
        DEMANDS.map((demand) => (
          <SecondsField
            key={demand}
            label={t(`demand-${demand}`)}
            value={value.find((one) => one.demand === demand)?.afterSeconds ?? null}
            min={0}
            max={24 * 3_600}
            placeholder={t("never")}
            onChange={(afterSeconds) => onChange(withStep(value, demand, afterSeconds))}
          />
        ))}
    </div>
  );
}

export function withStep(
  steps: readonly Relaxation[],
  demand: Relaxation["demand"],
  afterSeconds: number | null,
): readonly Relaxation[] {
  const others = steps.filter((one) => one.demand !== demand);
  const all = afterSeconds === null ? others : [...others, { demand, afterSeconds }];
  return all.sort((one, other) => one.afterSeconds - other.afterSeconds);
}
