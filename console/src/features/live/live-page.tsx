import { isSenior } from "../../shared/domain/roles";
import { useNow } from "../../shared/live/hooks";
import { useSession } from "../../shared/live/session";
import { Card, Loading, Page } from "../../shared/ui/page";
import { Answer, NotAllowed } from "../../shared/ui/states";
import { count, NOTHING } from "../../shared/words/figures";
import { useScreenWords } from "../../shared/words/screen-words";
import { waited } from "../../shared/words/time";
import { AgentTable } from "./agent-table";
import { type Board, loadOf, sinceOf } from "./board";
import { QueueTable } from "./queue-table";
import { BotTalks, Waiting } from "./talks";
import { Tile } from "./tile";
import { useBoard } from "./use-board";

export function LivePage() {
  return (
    <Loading>
      <Guarded />
    </Loading>
  );
}

function Guarded() {
  const { t } = useScreenWords();
  const { agent } = useSession();
  return (
    <Page title={t("live")} hint={t("liveHint")}>
      {isSenior(agent.role) ? <Live /> : <NotAllowed />}
    </Page>
  );
}

/** What happens now, and where somebody is needed. */
function Live() {
  const { t } = useScreenWords();
  const board = useBoard();
  const readAtMs = board.dataUpdatedAt;
  return (
    <Answer of={board} rows={8}>
      {(data) => (
        <>
          <Tiles board={data} readAtMs={readAtMs} />
          <div className="grid items-start gap-5 xl:grid-cols-2">
            <Card title={t("queues")} isFlush>
              <QueueTable queues={data.queues} readAtMs={readAtMs} />
            </Card>
            <Card title={t("agents")} isFlush>
              <AgentTable agents={data.agents} />
            </Card>
            <Card title={t("waitingNow")} hint={t("longestFirst")} isFlush>
              <Waiting waiters={data.longest} readAtMs={readAtMs} agents={data.agents} />
            </Card>
            <Card title={t("botNow")} hint={t("latestFirst")} isFlush>
              <BotTalks />
            </Card>
          </div>
        </>
      )}
    </Answer>
  );
}

interface TilesProps {
  readonly board: Board;
  readonly readAtMs: number;
}

function Tiles({ board, readAtMs }: TilesProps) {
  const words = useScreenWords();
  const { t } = words;
  const nowMs = useNow(1_000);
  const { total, agents } = board;
  const { online, load, capacity } = loadOf(agents);
  const longest = total.longestWaitSeconds;
  return (
    <ul className="grid grid-cols-[repeat(auto-fit,minmax(10.5rem,1fr))] gap-4">
      <Tile
        name={t("waitingNow")}
        value={count(total.waiting, words)}
        note={total.late > 0 ? t("lateCount", { count: total.late }) : t("nobodyLate")}
        isBad={total.late > 0}
      />
      <Tile
        name={t("longestWait")}
        value={longest === null ? NOTHING : waited(sinceOf(longest, readAtMs), nowMs, words)}
        isBad={total.late > 0}
      />
      <Tile
        name={t("withAgents")}
        value={count(total.active, words)}
        note={t("wrapUpCount", { count: total.wrapUp })}
      />
      <Tile
        name={t("agentsOnline")}
        value={count(online, words)}
        note={t("loadNow", { load, capacity })}
        isBad={online === 0 && total.waiting > 0}
      />
      <Tile
        name={t("botNow")}
        value={count(total.bot, words)}
        note={t("deferredCount", { count: total.deferred })}
      />
    </ul>
  );
}
