import { useAgents } from "../../shared/api/queries";
import { roleKey } from "../../shared/domain/roles";
import { Avatar } from "../../shared/ui/avatar";
import { Card } from "../../shared/ui/page";
import { Answer } from "../../shared/ui/states";
import { Cell, Row, Table } from "../../shared/ui/table";
import { useScreenWords } from "../../shared/words/screen-words";
import { AgentEditor } from "./agent-editor";
import { Invite } from "./invite";
import { languageNames } from "./languages";
import { Head, ItemLink } from "./parts";
import type { SectionProps } from "./sections";
import type { Agent } from "./shapes";

/** Who works here, what they may, can and take. */
export function Agents({ id }: SectionProps) {
  return id === undefined ? <AgentList /> : <AgentEditor key={id} id={id} />;
}

function AgentList() {
  const { t } = useScreenWords();
  const agents = useAgents();
  return (
    <>
      <Head title={t("agents")} hint={t("agentsHint")} actions={<Invite />} />
      <Card title={t("agents")} isFlush>
        <Answer of={agents}>{(found) => <AgentRows agents={found as readonly Agent[]} />}</Answer>
      </Card>
    </>
  );
}

function AgentRows({ agents }: { readonly agents: readonly Agent[] }) {
  const words = useScreenWords();
  const { t } = words;
  return (
    <Table
      label={t("agents")}
      head={[t("name"), t("role"), t("queues"), t("languages"), t("skills"), t("load")]}
      figuresFrom={5}
    >
      {agents.map((agent) => (
        <Row key={agent.id}>
          <Cell>
            <span className="flex items-center gap-2.5">
              <Avatar id={agent.id} name={agent.name} size="small" presence={agent.presence} />
              <span className="min-w-0">
                <ItemLink section="agents" id={agent.id}>
                  {agent.name}
                </ItemLink>
                <span className="block truncate text-xs text-muted">
                  {agent.disabled ? t("isDisabled") : agent.email}
                </span>
              </span>
            </span>
          </Cell>
          <Cell>{t(roleKey(agent.role))}</Cell>
          <Cell>{agent.queues.map(({ name }) => name).join(", ")}</Cell>
          <Cell>{languageNames(agent.languages, words).join(", ")}</Cell>
          <Cell>{agent.skills.join(", ")}</Cell>
          <Cell isFigure>{t("loadOf", { load: agent.load, capacity: agent.capacity })}</Cell>
        </Row>
      ))}
    </Table>
  );
}
