import { Sparkles } from "lucide-react";
import { Empty } from "../../shared/ui/empty";
import { Card } from "../../shared/ui/page";
import { Cell, Row, Table } from "../../shared/ui/table";
import { count, share } from "../../shared/words/figures";
import { useScreenWords } from "../../shared/words/screen-words";
import { type AssistReport, PROPOSAL_SOURCES } from "./shapes";
import { Tile } from "./tile";

interface AssistProps {
  readonly report: AssistReport;
}

/** What became of replies that were proposed to agents. */
export function AssistFigures({ report }: AssistProps) {
  const words = useScreenWords();
  const { t } = words;
  const { total } = report;
  if (total.shown === 0) {
    return (
      <Empty icon={Sparkles} title={t("noProposals")}>
        {t("moreDays")}
      </Empty>
    );
  }
  return (
    <div className="flex flex-col gap-5">
      <ul className="grid grid-cols-[repeat(auto-fit,minmax(12rem,1fr))] gap-4">
        <Tile name={t("proposalsShown")} value={count(total.shown, words)} />
        <Tile name={t("proposalsAsIs")} value={count(total.asIs, words)} />
        <Tile name={t("proposalsChanged")} value={count(total.changed, words)} />
        <Tile name={t("proposalsShare")} value={share(total.share, words)} />
      </ul>
      <Card title={t("report-assist")} isFlush>
        <Sources report={report} />
      </Card>
    </div>
  );
}

function Sources({ report }: AssistProps) {
  const words = useScreenWords();
  const { t } = words;
  return (
    <Table
      label={t("report-assist")}
      figuresFrom={1}
      head={[
        t("report-assist"),
        t("proposalsShown"),
        t("proposalsAsIs"),
        t("proposalsChanged"),
        t("proposalsReplaced"),
        t("proposalsShare"),
      ]}
    >
      {PROPOSAL_SOURCES.map((source) => {
        const { shown, asIs, changed, replaced, ...one } = report.sources[source];
        return (
          <Row key={source}>
            <Cell isHead>{t(`source-${source}`)}</Cell>
            {Object.entries({ shown, asIs, changed, replaced }).map(([name, value]) => (
              <Cell key={name} isFigure>
                {count(value, words)}
              </Cell>
            ))}
            <Cell isFigure>{share(one.share, words)}</Cell>
          </Row>
        );
      })}
    </Table>
  );
}
