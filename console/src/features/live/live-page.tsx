import { isSenior } from "../../shared/domain/roles";
import { useNow } from "../../shared/live/hooks";
import { useSession } from "../../shared/live/session";
import { Card, Loading, Page } from "../../shared/ui/page";
import { Answer, NotAllowed } from "../../shared/ui/states";
import { count } from "../../shared/words/figures";
import { useScreenWords } from "../../shared/words/screen-words";
import { waited } from "../../shared/words/time";
import { AgentTable } from "./agent-table";
import { longestOf, queueStates, urgencyOf } from "./board";
import { QueueTable } from "./queue-table";
import { Talks } from "./talks";
import { Tile } from "./tile";
import { useBoard, useRows } from "./use-board";

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
      {isSenior(agent.role) ? <Board /> : <NotAllowed />}
    </Page>
  );
}

/** What happens now, and where somebody is needed. */
function Board() {
  const { t } = useScreenWords();
  const { queues, agents } = useBoard();
  const waiting = useRows("queue", { sort: "waiting" });
  const bot = useRows("bot");
  const rows = waiting.data?.rows ?? [];
  return (
    <>
      <Tiles waiting={waiting.data} bot={bot.data} agents={agents.data} />
      <div className="grid items-start gap-5 xl:grid-cols-2">
        <Card title={t("queues")} isFlush>
          <Answer of={queues}>
            {(found) => <QueueTable queues={queueStates(found, rows, agents.data ?? [])} />}
          </Answer>
        </Card>
        <Card title={t("agents")} isFlush>
          <Answer of={agents}>{(found) => <AgentTable agents={found} />}</Answer>
        </Card>
      </div>
      <Talks waiting={waiting} bot={bot} />
    </>
  );
}

interface TilesProps {
  readonly waiting: ReturnType<typeof useRows>["data"];
  readonly bot: ReturnType<typeof useRows>["data"];
  readonly agents: ReturnType<typeof useBoard>["agents"]["data"];
}

function Tiles({ waiting, bot, agents = [] }: TilesProps) {
  const words = useScreenWords();
  const { t } = words;
  const nowMs = useNow(1_000);
  const longest = longestOf(waiting?.rows ?? []);
  const online = agents.filter(({ presence, disabled }) => presence === "online" && !disabled);
  const load = online.reduce((sum, one) => sum + one.load, 0);
  const capacity = online.reduce((sum, one) => sum + one.capacity, 0);
  return (
    <ul className="grid grid-cols-[repeat(auto-fit,minmax(12rem,1fr))] gap-4">
      <Tile
        name={t("waitingNow")}
        value={atLeast(waiting, words)}
        urgency={urgencyOf(longest, null, nowMs)}
      />
      <Tile
        name={t("longestWait")}
        value={longest === null ? "–" : waited(longest, nowMs, words)}
        urgency={urgencyOf(longest, null, nowMs)}
      />
      <Tile
        name={t("agentsOnline")}
        value={count(online.length, words)}
        note={t("loadNow", { load, capacity })}
        urgency={online.length === 0 ? "late" : "calm"}
      />
      <Tile name={t("botNow")} value={atLeast(bot, words)} note={t("botNowHint")} />
    </ul>
  );
}

function atLeast(of: TilesProps["bot"], words: ReturnType<typeof useScreenWords>): string {
  if (of === undefined) return "–";
  return count(of.rows.length, words) + (of.isMore ? "+" : "");
}
