import { problemOf, useChange } from "../../shared/api/changes";
import { useQueues, useTeams } from "../../shared/api/queries";
import { isAdmin, isSenior, roleKey } from "../../shared/domain/roles";
import { keys } from "../../shared/live/keys";
import { useSession } from "../../shared/live/session";
import { CheckList } from "../../shared/ui/check-list";
import { TextField } from "../../shared/ui/form";
import { NumberField } from "../../shared/ui/number-field";
import { Card } from "../../shared/ui/page";
import { SaveBar } from "../../shared/ui/save-bar";
import { Answer } from "../../shared/ui/states";
import { TagsField } from "../../shared/ui/tags-field";
import { useDraft } from "../../shared/ui/use-draft";
import { useScreenWords } from "../../shared/words/screen-words";
import { Account } from "./account";
import { languageNames } from "./languages";
import { Fields, Head, LookOnly } from "./parts";
import { useAgent } from "./queries";
import type { Agent } from "./shapes";

const CAPACITY_MAX = 1_000;

export function AgentEditor({ id }: { readonly id: string }) {
  const agent = useAgent(id);
  return <Answer of={agent}>{(saved) => <Editor saved={saved} />}</Answer>;
}

/** What an agent takes and can do, and what they serve. */
function Editor({ saved }: { readonly saved: Agent }) {
  const words = useScreenWords();
  const { t } = words;
  const { role } = useSession().agent;
  const draft = useDraft(saved);
  const changed = [keys.agents, keys.me(saved.id)];
  const save = useChange({ changes: changed, onDone: draft.reset });
  const problems = problemOf(save.error);
  const { name, capacity, skills, languages } = draft.value;
  return (
    <>
      <Head
        title={saved.name}
        hint={[t(roleKey(saved.role)), saved.email ?? ""].filter(Boolean).join(" · ")}
        backTo={{ section: "agents", name: t("agents") }}
      />
      {!isSenior(role) && <LookOnly />}
      <Card title={t("abilities")} hint={isAdmin(role) ? undefined : t("capacityOnlyHint")}>
        <Fields mayChange={isSenior(role)}>
          <TextField
            label={t("name")}
            value={name}
            dir="auto"
            disabled={!isAdmin(role)}
            problem={problems.name}
            onChange={(value) => draft.set({ name: value })}
          />
          <NumberField
            label={t("capacity")}
            value={capacity}
            min={0}
            max={CAPACITY_MAX}
            hint={t("capacityHint")}
            problem={problems.capacity}
            onChange={(value) => draft.set({ capacity: value ?? 0 })}
          />
          <TagsField
            label={t("languages")}
            value={languages}
            hint={languageNames(languages, words).join(", ") || t("languagesHint")}
            placeholder="de, pt-BR"
            problem={problems.languages}
            isDisabled={!isAdmin(role)}
            onChange={(value) => draft.set({ languages: value })}
          />
          <TagsField
            label={t("skills")}
            value={skills}
            hint={t("skillsHint")}
            problem={problems.skills}
            isDisabled={!isAdmin(role)}
            onChange={(value) => draft.set({ skills: value })}
          />
        </Fields>
      </Card>
      {isAdmin(role) && <Account agent={saved} />}
      <Groups agent={saved} mayChange={isSenior(role)} />
      <SaveBar
        isChanged={draft.isChanged}
        isSaving={save.isPending}
        onReset={draft.reset}
        onSave={() =>
          save.mutate({
            path: `/admin/agents/${saved.id}`,
            method: "PATCH",
            body: draft.changes,
          })
        }
      />
    </>
  );
}

interface GroupsProps {
  readonly agent: Agent;
  readonly mayChange: boolean;
}

/** Each box holds at once. */
function Groups({ agent, mayChange }: GroupsProps) {
  const { t } = useScreenWords();
  const queues = useQueues().data ?? [];
  const teams = useTeams().data ?? [];
  const change = useChange({
    changes: [keys.agents, keys.me(agent.id), keys.queues, keys.teams],
    said: "",
  });
  const join = (of: "queues" | "teams", id: string, isIn: boolean) =>
    change.mutate({
      path: `/admin/${of}/${id}/members/${agent.id}`,
      method: isIn ? "PUT" : "DELETE",
    });
  const idsOf = (groups: Agent["queues"]) => new Set(groups.map(({ id }) => id));
  return (
    <Card title={t("groups")} hint={t("groupsHint")}>
      <div className="flex flex-col gap-4">
        <CheckList
          label={t("queues")}
          items={queues}
          chosen={idsOf(agent.queues)}
          empty={t("noQueues")}
          isDisabled={!mayChange}
          onChange={(id, isIn) => join("queues", id, isIn)}
        />
        <CheckList
          label={t("teams")}
          items={teams}
          chosen={idsOf(agent.teams)}
          empty={t("noTeams")}
          isDisabled={!mayChange}
          onChange={(id, isIn) => join("teams", id, isIn)}
        />
      </div>
    </Card>
  );
}
