import { useTeams } from "../../shared/api/queries";
import { CheckList, withMember } from "../../shared/ui/check-list";
import { SelectField, Switch } from "../../shared/ui/form";
import { NumberField, SecondsField } from "../../shared/ui/number-field";
import { Card } from "../../shared/ui/page";
import { TagsField } from "../../shared/ui/tags-field";
import { useScreenWords } from "../../shared/words/screen-words";
import { Fields, NameField, type PartProps } from "./parts";
import { QueueField } from "./queue-field";
import { RelaxationFields } from "./relaxations";
import { LONG_WAITS, POLICIES, type Queue } from "./shapes";

const HOUR_S = 3_600;
const WEEK_S = 7 * 24 * HOUR_S;

/** What it is called, and who sees it. */
export function Basics({ draft, problems, mayChange }: PartProps<Queue>) {
  const { t } = useScreenWords();
  const teams = useTeams().data ?? [];
  const { name, visibility, visibleTo, isDefault, priority } = draft.value;
  return (
    <Card title={t("basics")}>
      <Fields mayChange={mayChange}>
        <NameField
          value={name}
          problem={problems.name}
          onChange={(value) => draft.set({ name: value })}
        />
        <SelectField
          label={t("visibility")}
          value={visibility}
          hint={t("visibilityHint")}
          options={(["public", "internal"] as const).map((one) => ({ value: one, label: t(one) }))}
          onChange={(value) => draft.set({ visibility: value as Queue["visibility"] })}
        />
        <NumberField
          label={t("priority")}
          value={priority}
          min={0}
          max={100}
          hint={t("queuePriorityHint")}
          problem={problems.priority}
          onChange={(value) => draft.set({ priority: value ?? 0 })}
        />
        <Switch
          label={t("isDefault")}
          hint={t("isDefaultHint")}
          isOn={isDefault}
          isDisabled={!mayChange}
          onChange={(value) => draft.set({ isDefault: value })}
        />
        <CheckList
          label={t("visibleTo")}
          hint={t("visibleToHint")}
          items={teams}
          chosen={new Set(visibleTo)}
          empty={t("noTeams")}
          isDisabled={!mayChange}
          onChange={(id, isIn) => draft.set({ visibleTo: withMember(visibleTo, id, isIn).sort() })}
        />
      </Fields>
    </Card>
  );
}

/** Who is offered what. */
export function Routing({ draft, problems, mayChange }: PartProps<Queue>) {
  const { t } = useScreenWords();
  const { policy, skills, offerSeconds, askedAgainAfterSeconds } = draft.value;
  return (
    <Card title={t("routing")} hint={t("routingHint")}>
      <Fields mayChange={mayChange}>
        <SelectField
          label={t("policy")}
          value={policy}
          hint={t(`policy-${policy}-hint`)}
          options={POLICIES.map((one) => ({ value: one, label: t(`policy-${one}`) }))}
          onChange={(value) => draft.set({ policy: value as Queue["policy"] })}
        />
        <TagsField
          label={t("skills")}
          value={skills}
          hint={t("queueSkillsHint")}
          problem={problems.skills}
          isDisabled={!mayChange}
          onChange={(value) => draft.set({ skills: value })}
        />
        <SecondsField
          label={t("offerSeconds")}
          value={offerSeconds}
          min={5}
          max={HOUR_S}
          hint={t("offerSecondsHint")}
          problem={problems.offerSeconds}
          onChange={(value) => draft.set({ offerSeconds: value ?? 0 })}
        />
        <SecondsField
          label={t("askedAgain")}
          value={askedAgainAfterSeconds}
          min={10}
          max={24 * HOUR_S}
          placeholder={t("never")}
          hint={t("askedAgainHint")}
          problem={problems.askedAgainAfterSeconds}
          onChange={(value) => draft.set({ askedAgainAfterSeconds: value })}
        />
        <RelaxationFields
          value={draft.value.relaxations}
          problem={problems.relaxations}
          onChange={(value) => draft.set({ relaxations: value })}
        />
      </Fields>
    </Card>
  );
}

/** What is promised, and where a session goes that waits too long. */
export function Times({ draft, problems, mayChange }: PartProps<Queue>) {
  const { t } = useScreenWords();
  const { id, slaSeconds, maxWaitSeconds, maxWaitThen, overflowQueueId } = draft.value;
  return (
    <Card title={t("waitsAndOverflow")}>
      <Fields mayChange={mayChange}>
        <SecondsField
          label={t("slaSeconds")}
          value={slaSeconds}
          min={1}
          max={WEEK_S}
          placeholder={t("nothingIsPromised")}
          hint={t("slaSecondsHint")}
          problem={problems.slaSeconds}
          onChange={(value) => draft.set({ slaSeconds: value })}
        />
        <SecondsField
          label={t("maxWait")}
          value={maxWaitSeconds}
          min={1}
          max={WEEK_S}
          placeholder={t("never")}
          hint={t("maxWaitHint")}
          problem={problems.maxWaitSeconds}
          onChange={(value) => draft.set({ maxWaitSeconds: value })}
        />
        <QueueField
          label={t("overflowQueue")}
          value={overflowQueueId}
          nothing={t("nowhere")}
          without={id}
          hint={t("overflowQueueHint")}
          problem={problems.overflowQueueId}
          onChange={(value) => draft.set({ overflowQueueId: value })}
        />
        <SelectField
          label={t("maxWaitThen")}
          value={maxWaitThen}
          hint={t(`maxWaitThen-${maxWaitThen}-hint`)}
          problem={problems.maxWaitThen}
          options={LONG_WAITS.map((one) => ({ value: one, label: t(`maxWaitThen-${one}`) }))}
          onChange={(value) => draft.set({ maxWaitThen: value as Queue["maxWaitThen"] })}
        />
        <SecondsField
          label={t("teamWait")}
          value={draft.value.teamWaitSeconds}
          min={1}
          max={WEEK_S}
          placeholder={t("asLongAsItTakes")}
          hint={t("teamWaitHint")}
          problem={problems.teamWaitSeconds}
          onChange={(value) => draft.set({ teamWaitSeconds: value })}
        />
      </Fields>
    </Card>
  );
}

/** What follows a chat, and what becomes of customers who say nothing any more. */
export function Endings({ draft, problems, mayChange }: PartProps<Queue>) {
  const { t } = useScreenWords();
  const { wrapUpSeconds, idleAskedAfterSeconds, idleEndsAfterSeconds, idleThen } = draft.value;
  return (
    <Card title={t("endings")}>
      <Fields mayChange={mayChange}>
        <SecondsField
          label={t("wrapUp")}
          value={wrapUpSeconds}
          min={0}
          max={HOUR_S}
          hint={t("wrapUpHint")}
          problem={problems.wrapUpSeconds}
          onChange={(value) => draft.set({ wrapUpSeconds: value ?? 0 })}
        />
        <SecondsField
          label={t("idleAsked")}
          value={idleAskedAfterSeconds}
          min={30}
          max={24 * HOUR_S}
          hint={t("idleAskedHint")}
          problem={problems.idleAskedAfterSeconds}
          onChange={(value) => draft.set({ idleAskedAfterSeconds: value ?? 0 })}
        />
        <SecondsField
          label={t("idleEnds")}
          value={idleEndsAfterSeconds}
          min={30}
          max={24 * HOUR_S}
          problem={problems.idleEndsAfterSeconds}
          onChange={(value) => draft.set({ idleEndsAfterSeconds: value ?? 0 })}
        />
        <SelectField
          label={t("idleThen")}
          value={idleThen}
          options={(["end", "bot"] as const).map((one) => ({
            value: one,
            label: t(`idleThen-${one}`),
          }))}
          onChange={(value) => draft.set({ idleThen: value as Queue["idleThen"] })}
        />
      </Fields>
    </Card>
  );
}
