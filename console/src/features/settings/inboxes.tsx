import { Inbox as InboxSign, Plus } from "lucide-react";
import { useState } from "react";
import { useChange } from "../../shared/api/changes";
import { useQueues } from "../../shared/api/queries";
import { isAdmin } from "../../shared/domain/roles";
import { useSession } from "../../shared/live/session";
import { Button } from "../../shared/ui/button";
import { Empty } from "../../shared/ui/empty";
import { Card } from "../../shared/ui/page";
import { Answer } from "../../shared/ui/states";
import { Cell, Row, Table } from "../../shared/ui/table";
import { useScreenWords } from "../../shared/words/screen-words";
import { InboxEditor } from "./inbox-editor";
import { NameDialog } from "./name-dialog";
import { Head, ItemLink } from "./parts";
import { INBOXES, useInboxes } from "./queries";
import type { SectionProps } from "./sections";
import type { Inbox } from "./shapes";
import { useOpen } from "./use-open";

/** Where customers arrive: each inbox is a chat on some pages, with a key of its own. */
export function Inboxes({ id }: SectionProps) {
  return id === undefined ? <InboxList /> : <InboxEditor key={id} id={id} />;
}

function InboxList() {
  const { t } = useScreenWords();
  const mayChange = isAdmin(useSession().agent.role);
  const inboxes = useInboxes();
  const [isNaming, setNaming] = useState(false);
  const open = useOpen("inboxes");
  const make = useChange<Inbox>({ changes: [INBOXES], onDone: ({ id }) => open(id) });
  return (
    <>
      <Head
        title={t("inboxes")}
        hint={t("inboxesHint")}
        actions={
          mayChange && (
            <Button look="primary" onClick={() => setNaming(true)}>
              <Plus className="size-4" aria-hidden="true" /> {t("newInbox")}
            </Button>
          )
        }
      />
      <Card title={t("inboxes")} isFlush>
        <Answer of={inboxes}>{(found) => <Rows inboxes={found} />}</Answer>
      </Card>
      <NameDialog
        title={t("newInbox")}
        isOpen={isNaming}
        onClose={() => setNaming(false)}
        onName={(name) => make.mutate({ path: "/admin/inboxes", method: "POST", body: { name } })}
      />
    </>
  );
}

function Rows({ inboxes }: { readonly inboxes: readonly Inbox[] }) {
  const { t } = useScreenWords();
  const queues = useQueues().data ?? [];
  if (inboxes.length === 0) return <Empty icon={InboxSign} title={t("noInboxes")} />;
  return (
    <Table label={t("inboxes")} head={[t("name"), t("queue"), t("allowedPages"), t("begins")]}>
      {inboxes.map((inbox) => (
        <Row key={inbox.id}>
          <Cell>
            <ItemLink section="inboxes" id={inbox.id}>
              {inbox.name}
            </ItemLink>
            {!inbox.enabled && (
              <span className="ms-2 text-xs text-danger">{t("isSwitchedOff")}</span>
            )}
          </Cell>
          <Cell>
            <bdi>{queues.find(({ id }) => id === inbox.queueId)?.name ?? t("isDefault")}</bdi>
          </Cell>
          <Cell className="max-w-72 truncate">{inbox.allowedOrigins.join(", ")}</Cell>
          <Cell>{t(inbox.bot ? "beginsWithBot" : "beginsWithPeople")}</Cell>
        </Row>
      ))}
    </Table>
  );
}
