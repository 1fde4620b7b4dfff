import { UsersRound } from "lucide-react";
import { Avatar } from "../../shared/ui/avatar";
import { Empty } from "../../shared/ui/empty";
import { Card } from "../../shared/ui/page";
import { Cell, Row, Table } from "../../shared/ui/table";
import { count, decimal, duration } from "../../shared/words/figures";
import { useScreenWords } from "../../shared/words/screen-words";
import type { AgentsReport } from "./shapes";

/** What each colleague did in these days. */
export function AgentFigures({ report }: { readonly report: AgentsReport }) {
  const words = useScreenWords();
  const { t } = words;
  if (report.agents.length === 0) return <Empty icon={UsersRound} title={t("nothingFound")} />;
  return (
    <Card title={t("byAgent")} hint={t("byAgentHint")} isFlush>
      <Table
        label={t("byAgent")}
        figuresFrom={1}
        head={[
          t("agent"),
          t("offers-made"),
          t("offers-accepted"),
          t("offers-declined"),
          t("offers-expired"),
          t("resolved"),
          t("handleP50"),
          t("handleP90"),
          t("csat"),
          t("messages"),
          t("notes"),
        ]}
      >
        {report.agents.map((one) => (
          <Row key={one.agentId}>
            <Cell isHead>
              <span className="flex items-center gap-2.5">
                <Avatar id={one.agentId} name={one.agent} size="small" />
                <bdi>{one.agent}</bdi>
              </span>
            </Cell>
            <Cell isFigure>{count(one.offers.made, words)}</Cell>
            <Cell isFigure>{count(one.accepted, words)}</Cell>
            <Cell isFigure>{count(one.offers.declined, words)}</Cell>
            <Cell isFigure>{count(one.offers.expired, words)}</Cell>
            <Cell isFigure>{count(one.resolved, words)}</Cell>
            <Cell isFigure>{duration(one.handleSeconds.p50, words)}</Cell>
            <Cell isFigure>{duration(one.handleSeconds.p90, words)}</Cell>
            <Cell isFigure>
              {decimal(one.csatMean, words)}
              {one.csatCount > 0 && (
                <span className="text-xs text-muted"> ({count(one.csatCount, words)})</span>
              )}
            </Cell>
            <Cell isFigure>{count(one.messages, words)}</Cell>
            <Cell isFigure>{count(one.notes, words)}</Cell>
          </Row>
        ))}
      </Table>
    </Card>
  );
}
