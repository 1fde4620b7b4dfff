import { BookOpen, Plus } from "lucide-react";
import { usePages } from "../../shared/api/pages";
import { isAdmin } from "../../shared/domain/roles";
import { useSession } from "../../shared/live/session";
import { Button } from "../../shared/ui/button";
import { Empty } from "../../shared/ui/empty";
import { More } from "../../shared/ui/more";
import { Card } from "../../shared/ui/page";
import { Answer } from "../../shared/ui/states";
import { Cell, Row, Table } from "../../shared/ui/table";
import { count } from "../../shared/words/figures";
import { useScreenWords } from "../../shared/words/screen-words";
import { dateTime } from "../../shared/words/time";
import { KnowledgeTrial } from "./knowledge-trial";
import { languageNames } from "./languages";
import { Head, ItemLink, NEW } from "./parts";
import type { SectionProps } from "./sections";
import { SourceEditor } from "./source-editor";
import { isUnderWay, SOURCES, type Source } from "./source-shapes";
import { Standing } from "./source-state";
import { useOpen } from "./use-open";

const EVERY_MS = 5_000;

/** What the bot answers from. */
export function Knowledge({ id }: SectionProps) {
  return id === undefined ? <SourceList /> : <SourceEditor key={id} id={id} />;
}

function SourceList() {
  const { t } = useScreenWords();
  const mayChange = isAdmin(useSession().agent.role);
  const open = useOpen("knowledge");
  const sources = usePages<Source>(SOURCES[1], { limit: 100 }, { everyMs: EVERY_MS });
  return (
    <>
      <Head
        title={t("knowledge")}
        hint={t("knowledgeHint")}
        actions={
          mayChange && (
            <Button look="primary" onClick={() => open(NEW)}>
              <Plus className="size-4" aria-hidden="true" /> {t("newSource")}
            </Button>
          )
        }
      />
      <Card title={t("knowledgeSources")} isFlush>
        <Answer of={sources}>{(found) => <Rows sources={found} />}</Answer>
        <More of={sources} />
      </Card>
      {mayChange && <KnowledgeTrial />}
    </>
  );
}

function Rows({ sources }: { readonly sources: readonly Source[] }) {
  const words = useScreenWords();
  const { t } = words;
  if (sources.length === 0) {
    return (
      <Empty icon={BookOpen} title={t("noSources")}>
        {t("noSourcesHint")}
      </Empty>
    );
  }
  return (
    <Table
      label={t("knowledgeSources")}
      head={[
        t("name"),
        t("sourceKind"),
        t("language"),
        t("sourceState"),
        t("pieces"),
        t("changedAt"),
      ]}
    >
      {sources.map((one) => (
        <Row key={one.id}>
          <Cell className="max-w-72">
            <ItemLink section="knowledge" id={one.id}>
              {one.name}
            </ItemLink>
          </Cell>
          <Cell>{t(`sourceKind-${one.kind}`)}</Cell>
          <Cell>{one.language === "" ? "" : languageNames([one.language], words)}</Cell>
          <Cell>
            <Standing source={one} />
          </Cell>
          <Cell>{isUnderWay(one) && one.chunks === 0 ? "" : count(one.chunks, words)}</Cell>
          <Cell className="whitespace-nowrap">{dateTime(one.updatedAt, words)}</Cell>
        </Row>
      ))}
    </Table>
  );
}
