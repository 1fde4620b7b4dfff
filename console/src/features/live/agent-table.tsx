import { Link } from "@tanstack/react-router";

import { Avatar } from "../../shared/ui/avatar";
import { Cell, Row, Table } from "../../shared/ui/table";
import { useScreenWords } from "../../shared/words/screen-words";
import { agentsInOrder, type BoardAgent } from "./board";

/** Who is there, what they chose, and how much they have. A name leads to what they answer. */
export function AgentTable({ agents }: { readonly agents: readonly BoardAgent[] }) {
  const { t } = useScreenWords();
  return (
    <Table label={t("agents")} head={[t("name"), t("presence"), t("load")]}>
      {agentsInOrder(agents).map((agent) => (
        <Row key={agent.id}>
          <Cell>
            <span className="flex items-center gap-2.5">
              <Avatar id={agent.id} name={agent.name} size="small" presence={agent.presence} />
              <Link
                to="/inbox/$view"
                params={{ view: "all" }}
                search={{ assignee: agent.id, looking: true }}
                className="rounded font-medium hover:text-accent-text hover:underline"
                dir="auto"
              >
                {agent.name}
              </Link>
            </span>
          </Cell>
          <Cell>{t(`presence-${agent.presence}`)}</Cell>
          <Cell className="w-2/5">
            <span className="flex items-center gap-3">
              <Load load={agent.load} capacity={agent.capacity} />
              <span className="whitespace-nowrap tabular-nums">
                {t("loadOf", { load: agent.load, capacity: agent.capacity })}
              </span>
            </span>
          </Cell>
        </Row>
      ))}
    </Table>
  );
}

function Load({ load, capacity }: { readonly load: number; readonly capacity: number }) {
  const share = capacity === 0 ? 1 : Math.min(1, load / capacity);
  const tone = share >= 1 ? "bg-danger" : "bg-accent";
  return (
    <span className="block h-2 w-full overflow-hidden rounded-full bg-sunken" aria-hidden="true">
      <span className={`block h-full ${tone}`} style={{ width: `${share * 100}%` }} />
    </span>
  );
}
