import { problemOf, useChange } from "../../shared/api/changes";
import { isAdmin } from "../../shared/domain/roles";
import { useSession } from "../../shared/live/session";
import { CheckList } from "../../shared/ui/check-list";
import { AreaField, SelectField } from "../../shared/ui/form";
import { Card } from "../../shared/ui/page";
import { SaveBar } from "../../shared/ui/save-bar";
import { Answer } from "../../shared/ui/states";
import { useDraft } from "../../shared/ui/use-draft";
import { useScreenWords } from "../../shared/words/screen-words";
import { BotLimits, BotPolicy } from "./bot-fields";
import { BOTS, type Bot, useBot, WORKS, type Works, workingAs, worksOf } from "./bot-shapes";
import { Fields, Head, LookOnly, NameField, type PartProps } from "./parts";
import { INBOXES, useInboxes } from "./queries";
import { Removal } from "./removal";

export function BotEditor({ id }: { readonly id: string }) {
  const bot = useBot(id);
  return <Answer of={bot}>{(saved) => <Editor saved={saved} />}</Answer>;
}

/** Who a bot is, where it works and by what it calls a person. */
function Editor({ saved }: { readonly saved: Bot }) {
  const { t } = useScreenWords();
  const mayChange = isAdmin(useSession().agent.role);
  const draft = useDraft(saved);
  const save = useChange({ changes: [BOTS], onDone: draft.reset });
  const part: PartProps<Bot> = { draft, problems: problemOf(save.error), mayChange };
  return (
    <>
      <Head
        title={saved.name}
        backTo={{ section: "bots", name: t("bots") }}
        actions={
          mayChange &&
          saved.inboxIds.length === 0 && (
            <Removal
              name={saved.name}
              path={`/admin/bots/${saved.id}`}
              changes={[BOTS]}
              section="bots"
            >
              {t("removeBotHint")}
            </Removal>
          )
        }
      />
      {!mayChange && <LookOnly />}
      <Basics {...part} />
      <Bound bot={saved} mayChange={mayChange} />
      <BotLimits {...part} />
      <BotPolicy {...part} />
      <SaveBar
        isChanged={draft.isChanged}
        isSaving={save.isPending}
        isBad={draft.value.name.trim() === ""}
        onReset={draft.reset}
        onSave={() =>
          save.mutate({ path: `/admin/bots/${saved.id}`, method: "PATCH", body: draft.changes })
        }
      />
    </>
  );
}

const TEXT_MAX = 4_000;

function Basics({ draft, problems, mayChange }: PartProps<Bot>) {
  const { t } = useScreenWords();
  const { name, persona, instructions } = draft.value;
  const works = worksOf(draft.value);
  return (
    <Card title={t("basics")}>
      <Fields mayChange={mayChange}>
        <NameField
          value={name}
          hint={t("inboxNameHint")}
          problem={problems.name}
          onChange={(value) => draft.set({ name: value })}
        />
        <SelectField
          label={t("botWorks")}
          value={works}
          hint={t(`botWorks-${works}-hint`)}
          options={WORKS.map((one) => ({ value: one, label: t(`botWorks-${one}`) }))}
          onChange={(value) => draft.set(workingAs(value as Works))}
        />
      </Fields>
      <fieldset disabled={!mayChange} className="mt-4 flex flex-col gap-4">
        <AreaField
          label={t("persona")}
          value={persona}
          hint={t("personaHint")}
          problem={problems.persona}
          maxLength={TEXT_MAX}
          onChange={(value) => draft.set({ persona: value })}
        />
        <AreaField
          label={t("instructions")}
          value={instructions}
          hint={t("instructionsHint")}
          problem={problems.instructions}
          rows={5}
          maxLength={TEXT_MAX}
          onChange={(value) => draft.set({ instructions: value })}
        />
      </fieldset>
    </Card>
  );
}

interface BoundProps {
  readonly bot: Bot;
  readonly mayChange: boolean;
}

/** An inbox has one bot: whoever is put there takes the place of another. */
function Bound({ bot, mayChange }: BoundProps) {
  const { t } = useScreenWords();
  const inboxes = useInboxes();
  const bind = useChange({ changes: [INBOXES, BOTS] });
  return (
    <Card title={t("inboxes")} hint={t("botInboxesHint")}>
      <Answer of={inboxes} rows={2}>
        {(found) => (
          <CheckList
            label={t("worksIn")}
            items={found.map(({ id, name, bot: isFirst }) => ({
              id,
              name,
              note: t(isFirst ? "beginsWithBot" : "beginsWithPeople"),
            }))}
            chosen={new Set(bot.inboxIds)}
            empty={t("noInboxes")}
            isDisabled={!mayChange || bind.isPending}
            onChange={(id, isIn) =>
              bind.mutate({
                path: `/admin/inboxes/${id}`,
                method: "PATCH",
                body: { botId: isIn ? bot.id : null },
              })
            }
          />
        )}
      </Answer>
      {mayChange && bot.inboxIds.length > 0 && (
        <p className="mt-3 text-xs text-muted">{t("botBoundHint")}</p>
      )}
    </Card>
  );
}
