import { Plus, Route } from "lucide-react";
import { useState } from "react";
import { useChange } from "../../shared/api/changes";
import { useQueues } from "../../shared/api/queries";
import { isAdmin } from "../../shared/domain/roles";
import { keys } from "../../shared/live/keys";
import { useSession } from "../../shared/live/session";
import { Button } from "../../shared/ui/button";
import { Empty } from "../../shared/ui/empty";
import { Card } from "../../shared/ui/page";
import { Answer } from "../../shared/ui/states";
import { Cell, Row, Table } from "../../shared/ui/table";
import { count, duration } from "../../shared/words/figures";
import { useScreenWords } from "../../shared/words/screen-words";
import { NameDialog } from "./name-dialog";
import { Head, ItemLink } from "./parts";
import { QueueEditor } from "./queue-editor";
import type { SectionProps } from "./sections";
import type { Queue } from "./shapes";
import { useOpen } from "./use-open";

/** Where wishes for a person wait, and how they are given to agents. */
export function Queues({ id }: SectionProps) {
  return id === undefined ? <QueueList /> : <QueueEditor key={id} id={id} />;
}

function QueueList() {
  const { t } = useScreenWords();
  const { agent } = useSession();
  const queues = useQueues();
  const [isNaming, setNaming] = useState(false);
  const open = useOpen("queues");
  const make = useChange<Queue>({ changes: [keys.queues], onDone: ({ id }) => open(id) });
  return (
    <>
      <Head
        title={t("queues")}
        hint={t("queuesHint")}
        actions={
          isAdmin(agent.role) && (
            <Button look="primary" onClick={() => setNaming(true)}>
              <Plus className="size-4" aria-hidden="true" /> {t("newQueue")}
            </Button>
          )
        }
      />
      <Card title={t("queues")} isFlush>
        <Answer of={queues}>{(found) => <QueueRows queues={found as readonly Queue[]} />}</Answer>
      </Card>
      <NameDialog
        title={t("newQueue")}
        isOpen={isNaming}
        onClose={() => setNaming(false)}
        onName={(name) => make.mutate({ path: "/admin/queues", method: "POST", body: { name } })}
      />
    </>
  );
}

function QueueRows({ queues }: { readonly queues: readonly Queue[] }) {
  const words = useScreenWords();
  const { t } = words;
  if (queues.length === 0) return <Empty icon={Route} title={t("noQueues")} />;
  return (
    <Table
      label={t("queues")}
      head={[t("name"), t("policy"), t("hours"), t("promised"), t("members"), t("waiting")]}
      figuresFrom={4}
    >
      {queues.map((queue) => (
        <Row key={queue.id}>
          <Cell>
            <ItemLink section="queues" id={queue.id}>
              {queue.name}
            </ItemLink>
            <span className="ms-2 text-xs text-muted">
              {[
                ...(queue.isDefault ? [t("isDefault")] : []),
                ...(queue.visibility === "internal" ? [t("internal")] : []),
              ].join(" · ")}
            </span>
          </Cell>
          <Cell>{t(`policy-${queue.policy}`)}</Cell>
          <Cell>{queue.hours === null ? t("alwaysOpen") : queue.hours.timezone}</Cell>
          <Cell>{duration(queue.slaSeconds, words)}</Cell>
          <Cell isFigure>{count(queue.members, words)}</Cell>
          <Cell isFigure>{count(queue.waiting, words)}</Cell>
        </Row>
      ))}
    </Table>
  );
}
