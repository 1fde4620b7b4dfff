import { Link } from "@tanstack/react-router";
import { Star } from "lucide-react";
import { Chart } from "../../shared/ui/chart";
import { Empty } from "../../shared/ui/empty";
import { Card } from "../../shared/ui/page";
import { Cell, Row, Table } from "../../shared/ui/table";
import { count, decimal, share } from "../../shared/words/figures";
import { useScreenWords } from "../../shared/words/screen-words";
import { dateTime } from "../../shared/words/time";
import { Bar } from "./parts";
import type { CsatReport } from "./shapes";
import { Tile } from "./tile";

interface CsatProps {
  readonly report: CsatReport;
}

const SCORES = ["5", "4", "3", "2", "1"] as const;

/** How content customers were. */
export function Csat({ report }: CsatProps) {
  const words = useScreenWords();
  const { t } = words;
  const { total, days } = report;
  if (total.count === 0) {
    return (
      <Empty icon={Star} title={t("nobodyRated")}>
        {t("noFiguresHint")}
      </Empty>
    );
  }
  return (
    <div className="flex flex-col gap-5">
      <ul className="grid grid-cols-[repeat(auto-fit,minmax(12rem,1fr))] gap-4">
        <Tile name={t("csat")} value={decimal(total.mean, words)} note={t("ofFive")} />
        <Tile name={t("ratingsGiven")} value={count(total.count, words)} />
        <Tile
          name={t("content")}
          value={share(contentOf(total.scores) / total.count, words)}
          note={t("contentHint")}
        />
      </ul>
      <div className="grid gap-5 xl:grid-cols-2">
        <Card title={t("scores")}>
          <Scores total={total} />
        </Card>
        <Card title={t("csatByDay")}>
          <Chart
            kind="lines"
            most={5}
            label={t("csatByDay")}
            days={days.map(({ day }) => day)}
            format={(value) => decimal(value, words)}
            series={[
              {
                key: "mean",
                label: t("csat"),
                tone: "first",
                values: days.map(({ mean }) => mean),
              },
            ]}
          />
        </Card>
        <Card title={t("byAgent")} isFlush>
          <Agents report={report} />
        </Card>
        <Card title={t("comments")} isFlush>
          <Comments report={report} />
        </Card>
      </div>
    </div>
  );
}

export function contentOf(scores: Readonly<Record<string, number>>): number {
  return (scores["4"] ?? 0) + (scores["5"] ?? 0);
}

function Scores({ total }: { readonly total: CsatReport["total"] }) {
  const words = useScreenWords();
  const { t } = words;
  return (
    <ol className="flex flex-col gap-2.5">
      {SCORES.map((score) => (
        <li key={score} className="grid grid-cols-[6rem_1fr_4rem] items-center gap-3 text-sm">
          <span className="inline-flex items-center gap-1 text-muted">
            {score} <Star className="size-3.5" aria-hidden="true" />
            <span className="sr-only">{t("ofFive")}</span>
          </span>
          <Bar share={(total.scores[score] ?? 0) / total.count} />
          <span className="text-end tabular-nums">{count(total.scores[score] ?? 0, words)}</span>
        </li>
      ))}
    </ol>
  );
}

function Agents({ report }: CsatProps) {
  const words = useScreenWords();
  const { t } = words;
  return (
    <Table label={t("byAgent")} head={[t("agent"), t("ratingsGiven"), t("csat")]} figuresFrom={1}>
      {report.agents.map((one) => (
        <Row key={one.agentId ?? ""}>
          <Cell isHead>
            <bdi>{one.agent ?? t("withoutAgent")}</bdi>
          </Cell>
          <Cell isFigure>{count(one.count, words)}</Cell>
          <Cell isFigure>{decimal(one.mean, words)}</Cell>
        </Row>
      ))}
    </Table>
  );
}

function Comments({ report }: CsatProps) {
  const words = useScreenWords();
  const { t } = words;
  const said = report.comments.filter(({ comment }) => comment !== null && comment !== "");
  if (said.length === 0) return <p className="px-5 pb-4 text-sm text-muted">{t("noComments")}</p>;
  return (
    <ul>
      {said.map((one) => (
        <li key={one.conversationId + one.at} className="border-b border-line last:border-0">
          <Link
            to="/inbox/$view/$conversationId"
            params={{ view: "all", conversationId: one.conversationId }}
            className="block px-5 py-2.5 text-sm hover:bg-hover"
          >
            <span className="flex items-center gap-2 text-xs text-muted">
              <span className="inline-flex items-center gap-0.5 font-semibold text-ink">
                {one.score} <Star className="size-3" aria-hidden="true" />
              </span>
              <bdi>{one.agent ?? ""}</bdi>
              <time dateTime={one.at} className="ms-auto">
                {dateTime(one.at, words)}
              </time>
            </span>
            <span dir="auto" className="block">
              {one.comment}
            </span>
          </Link>
        </li>
      ))}
    </ul>
  );
}
