import { useState } from "react";
import { problemOf, useChange } from "../../shared/api/changes";
import { isAdmin } from "../../shared/domain/roles";
import { keys } from "../../shared/live/keys";
import { useSession } from "../../shared/live/session";
import { SaveBar } from "../../shared/ui/save-bar";
import { Answer } from "../../shared/ui/states";
import { useDraft } from "../../shared/ui/use-draft";
import { useScreenWords } from "../../shared/words/screen-words";
import { HoursCard } from "./hours-editor";
import { Members } from "./membership";
import { Head, LookOnly, type PartProps } from "./parts";
import { queueKey, useQueue } from "./queries";
import { ConditionFields } from "./queue-conditions";
import { Basics, Endings, Routing, Times } from "./queue-fields";
import { Removal } from "./removal";
import type { Queue } from "./shapes";

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
  const part: PartProps<Queue> = {
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
        actions={
          part.mayChange && (
            <Removal
              name={saved.name}
              path={path}
              changes={[keys.queues, keys.agents]}
              section="queues"
            >
              {t("removeQueueHint", { count: saved.waiting })}
            </Removal>
          )
        }
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
