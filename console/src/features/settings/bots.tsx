import { Bot as BotSign, Plus } from "lucide-react";
import { useState } from "react";
import { useChange } from "../../shared/api/changes";
import { isAdmin } from "../../shared/domain/roles";
import { useSession } from "../../shared/live/session";
import { Button } from "../../shared/ui/button";
import { Empty } from "../../shared/ui/empty";
import { Card } from "../../shared/ui/page";
import { Answer } from "../../shared/ui/states";
import { Cell, Row, Table } from "../../shared/ui/table";
import { useScreenWords } from "../../shared/words/screen-words";
import { BotEditor } from "./bot-editor";
import { BOTS, type Bot, useBots, worksOf } from "./bot-shapes";
import { NameDialog } from "./name-dialog";
import { Head, ItemLink } from "./parts";
import { useInboxes } from "./queries";
import type { SectionProps } from "./sections";
import { useOpen } from "./use-open";

/** Who answers customers before a person does, or whispers to those who answer. */
export function Bots({ id }: SectionProps) {
  return id === undefined ? <BotList /> : <BotEditor key={id} id={id} />;
}

function BotList() {
  const { t } = useScreenWords();
  const mayChange = isAdmin(useSession().agent.role);
  const bots = useBots();
  const [isNaming, setNaming] = useState(false);
  const open = useOpen("bots");
  const make = useChange<Bot>({ changes: [BOTS], onDone: ({ id }) => open(id) });
  return (
    <>
      <Head
        title={t("bots")}
        hint={t("botsHint")}
        actions={
          mayChange && (
            <Button look="primary" onClick={() => setNaming(true)}>
              <Plus className="size-4" aria-hidden="true" /> {t("newBot")}
            </Button>
          )
        }
      />
      <Card title={t("bots")} isFlush>
        <Answer of={bots}>{(found) => <Rows bots={found} />}</Answer>
      </Card>
      <NameDialog
        title={t("newBot")}
        isOpen={isNaming}
        onClose={() => setNaming(false)}
        onName={(name) => make.mutate({ path: "/admin/bots", method: "POST", body: { name } })}
      />
    </>
  );
}

function Rows({ bots }: { readonly bots: readonly Bot[] }) {
  const { t } = useScreenWords();
  const inboxes = useInboxes().data ?? [];
  if (bots.length === 0) {
    return (
      <Empty icon={BotSign} title={t("noBots")}>
        {t("noBotsHint")}
      </Empty>
    );
  }
  return (
    <Table label={t("bots")} head={[t("name"), t("botWorks"), t("inboxes")]}>
      {bots.map((bot) => (
        <Row key={bot.id}>
          <Cell>
            <ItemLink section="bots" id={bot.id}>
              {bot.name}
            </ItemLink>
          </Cell>
          <Cell>{t(`botWorks-${worksOf(bot)}`)}</Cell>
          <Cell className="max-w-80 truncate">
            <bdi>
              {inboxes
                .filter(({ id }) => bot.inboxIds.includes(id))
                .map(({ name }) => name)
                .join(", ")}
            </bdi>
          </Cell>
        </Row>
      ))}
    </Table>
  );
}
