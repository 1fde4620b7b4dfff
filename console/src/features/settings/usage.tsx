import { useQuery } from "@tanstack/react-query";
import { Gauge } from "lucide-react";
import { problemOf, useChange } from "../../shared/api/changes";
import { useSession } from "../../shared/live/session";
import { Empty } from "../../shared/ui/empty";
import { Segments } from "../../shared/ui/form";
import { NumberField } from "../../shared/ui/number-field";
import { Card } from "../../shared/ui/page";
import { SaveBar } from "../../shared/ui/save-bar";
import { Answer } from "../../shared/ui/states";
import { Cell, Row, Table } from "../../shared/ui/table";
import { useDraft } from "../../shared/ui/use-draft";
import { calendarDay, count, NOTHING } from "../../shared/words/figures";
import { type ScreenWords, useScreenWords } from "../../shared/words/screen-words";
import { Head } from "./parts";
import { inDollars, limitOf, type ModelSpent, shareOf, type Usage } from "./usage-shapes";

const KEY = ["usage"] as const;
const PATH = "/admin/usage";
const MICROS = 1_000_000;
const USUAL_USD = 10;
const MAX_USD = 1_000_000;
const BARS = {
  unused: "bg-accent",
  within: "bg-accent",
  near: "bg-warn",
  over: "bg-danger",
} as const;

/** What models cost this month, and the most they may. */
export function UsageSection() {
  const words = useScreenWords();
  const { client } = useSession();
  const usage = useQuery({ queryKey: KEY, queryFn: () => client.request<Usage>(PATH) });
  return (
    <Answer of={usage}>
      {(found) => (
        <>
          <Head
            title={words.t("usage")}
            hint={words.t("usageHint", { month: named(found.month, words) })}
          />
          <Spent usage={found} />
          <Limit saved={found} />
          <Models models={found.models} />
          <Months usage={found} />
        </>
      )}
    </Answer>
  );
}

function Spent({ usage }: { readonly usage: Usage }) {
  const words = useScreenWords();
  const { t } = words;
  const limit = limitOf(usage);
  const share = shareOf(usage);
  const spent = inDollars(usage.micros, words);
  return (
    <Card title={t("usageSpent")} hint={t(`usage-${usage.standing}`)}>
      <p className="text-2xl font-semibold tabular-nums" data-usage={usage.standing}>
        {limit === null ? spent : t("usageOf", { spent, limit: inDollars(limit, words) })}
      </p>
      {share !== null && (
        <div aria-hidden="true" className="mt-3 h-2 overflow-hidden rounded-full bg-sunken">
          <div
            className={`h-full rounded-full ${BARS[usage.standing]}`}
            style={{ width: `${share * 100}%` }}
          />
        </div>
      )}
    </Card>
  );
}

function Limit({ saved }: { readonly saved: Usage }) {
  const { t } = useScreenWords();
  const usd = saved.capMicros === null ? null : saved.capMicros / MICROS;
  const draft = useDraft({ usd });
  const save = useChange({ changes: [KEY], onDone: draft.reset });
  const chosen = draft.value.usd;
  const isBad = chosen !== null && !(chosen >= 0 && chosen <= MAX_USD);
  return (
    <>
      <Card title={t("usageLimit")} hint={t("usageLimitHint")}>
        <div className="flex flex-col items-start gap-4">
          <Segments
            label={t("usageLimit")}
            value={chosen === null ? "plan" : "own"}
            options={[
              { value: "plan", label: t("usageAsPlan") },
              { value: "own", label: t("usageOwn") },
            ]}
            onChange={(kind) => draft.set({ usd: kind === "plan" ? null : (usd ?? USUAL_USD) })}
          />
          {chosen !== null && (
            <NumberField
              label={t("usageDollars")}
              value={chosen}
              min={0}
              max={MAX_USD}
              places={2}
              problem={problemOf(save.error).capMicros}
              onChange={(value) => draft.set({ usd: value ?? 0 })}
            />
          )}
        </div>
      </Card>
      <SaveBar
        isChanged={draft.isChanged}
        isSaving={save.isPending}
        isBad={isBad}
        onReset={draft.reset}
        onSave={() => {
          const capMicros = chosen === null ? null : Math.round(chosen * MICROS);
          save.mutate({ path: PATH, method: "PATCH", body: { capMicros } });
        }}
      />
    </>
  );
}

function Models({ models }: { readonly models: readonly ModelSpent[] }) {
  const words = useScreenWords();
  const { t } = words;
  if (models.length === 0)
    return (
      <Empty icon={Gauge} title={t("usageNothing")}>
        {t("usageNothingHint")}
      </Empty>
    );
  return (
    <Card title={t("usageModels")} isFlush>
      <Table
        label={t("usageModels")}
        head={[
          t("usageFor"),
          t("usageModel"),
          t("usageAnswered"),
          t("usageTokens"),
          t("usageCost"),
        ]}
        figuresFrom={2}
      >
        {models.map((one) => (
          <Row key={`${one.feature} ${one.model}`}>
            <Cell isHead>{t(`feature-${one.feature}`)}</Cell>
            <Cell className="wrap-anywhere">{one.model}</Cell>
            <Cell isFigure>
              {count(one.answered, words)} / {count(one.calls, words)}
            </Cell>
            <Cell isFigure>{count(one.tokensIn + one.tokensOut, words)}</Cell>
            <Cell isFigure>{inDollars(one.micros, words)}</Cell>
          </Row>
        ))}
      </Table>
    </Card>
  );
}

function Months({ usage }: { readonly usage: Usage }) {
  const words = useScreenWords();
  const { t } = words;
  if (usage.months.length === 0) return null;
  return (
    <Card title={t("usageMonths")} isFlush>
      <Table
        label={t("usageMonths")}
        head={[t("usageMonth"), t("usageCalls"), t("usageCost"), t("usageBudget")]}
        figuresFrom={1}
      >
        {usage.months.map(({ month, calls, micros, budgetMicros }) => (
          <Row key={month}>
            <Cell isHead>{named(month, words)}</Cell>
            <Cell isFigure>{count(calls, words)}</Cell>
            <Cell isFigure>{inDollars(micros, words)}</Cell>
            <Cell isFigure>{budgetMicros === null ? NOTHING : inDollars(budgetMicros, words)}</Cell>
          </Row>
        ))}
      </Table>
    </Card>
  );
}

function named(month: string, words: ScreenWords): string {
  return calendarDay(month, words, { month: "long", year: "numeric" });
}
