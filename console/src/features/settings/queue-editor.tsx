import { Trash2 } from "lucide-react";
import { useState } from "react";
import { problemOf, useChange } from "../../shared/api/changes";
import { isAdmin } from "../../shared/domain/roles";
import { keys } from "../../shared/live/keys";
import { useSession } from "../../shared/live/session";
import { Button } from "../../shared/ui/button";
import { Confirm } from "../../shared/ui/confirm";
import { SaveBar } from "../../shared/ui/save-bar";
import { Answer } from "../../shared/ui/states";
import { type Draft, useDraft } from "../../shared/ui/use-draft";
import { useScreenWords } from "../../shared/words/screen-words";
import { HoursCard } from "./hours-editor";
import { Members } from "./membership";
import { Head, LookOnly } from "./parts";
import { queueKey, useQueue } from "./queries";
import { ConditionFields } from "./queue-conditions";
import { Basics, Endings, Routing, Times } from "./queue-fields";
import type { Queue } from "./shapes";
import { useOpen } from "./use-open";

export interface PartProps {
  readonly draft: Draft<Queue>;
  readonly problems: Readonly<Record<string, string>>;
  readonly mayChange: boolean;
}

export function QueueEditor({ id }: { readonly id: string }) {
  const queue = useQueue(id);
  return <Answer of={queue}>{(saved) => <Editor saved={saved} />}</Answer>;
}

/** Everything that makes a queue what it is. What is typed stays until it is saved or discarded. */
function Editor({ saved }: { readonly saved: Queue }) {
  const { t } = useScreenWords();
  const { agent } = useSession();
  const draft = useDraft(saved);
  const [areHoursBad, setHoursBad] = useState(false);
  const path = `/admin/queues/${saved.id}`;
  const save = useChange({ changes: [keys.queues, queueKey(saved.id)], onDone: draft.reset });
  const part: PartProps = {
    draft,
    problems: problemOf(save.error),
    mayChange: isAdmin(agent.role),
  };
  const { hours } = draft.value;
  return (
    <>
      <Head
        title={saved.name}
        backTo={{ section: "queues", name: t("queues") }}
        actions={part.mayChange && <Remove queue={saved} />}
      />
      {!part.mayChange && <LookOnly />}
      <Basics {...part} />
      <Routing {...part} />
      <ConditionFields {...part} />
      <Times {...part} />
      <HoursCard
        hours={hours}
        mayChange={part.mayChange}
        problem={part.problems.hours}
        onChange={(next, isGood) => {
          draft.set({ hours: next });
          setHoursBad(!isGood);
        }}
      />
      <Endings {...part} />
      <Members of="queues" id={saved.id} title={t("members")} hint={t("queueMembersHint")} />
      <SaveBar
        isChanged={draft.isChanged}
        isSaving={save.isPending}
        isBad={areHoursBad && hours !== null}
        onReset={() => {
          draft.reset();
          setHoursBad(false);
        }}
        onSave={() => save.mutate({ path, method: "PATCH", body: draft.changes })}
      />
    </>
  );
}

function Remove({ queue }: { readonly queue: Queue }) {
  const { t } = useScreenWords();
  const [isAsking, setAsking] = useState(false);
  const open = useOpen("queues");
  const remove = useChange({
    changes: [keys.queues, keys.agents],
    said: t("removed"),
    onDone: () => open(),
  });
  return (
    <>
      <Button look="danger" onClick={() => setAsking(true)}>
        <Trash2 className="size-4" aria-hidden="true" /> {t("remove")}
      </Button>
      <Confirm
        title={t("removeNamed", { name: queue.name })}
        act={t("remove")}
        isOpen={isAsking}
        onClose={() => setAsking(false)}
        onConfirm={() => remove.mutate({ path: `/admin/queues/${queue.id}`, method: "DELETE" })}
      >
        {t("removeQueueHint", { count: queue.waiting })}
      </Confirm>
    </>
  );
}
