import { Plus, X } from "lucide-react";
import { useAgents, useQueues, useTeams } from "../../shared/api/queries";
import { Button } from "../../shared/ui/button";
import { SelectField } from "../../shared/ui/form";
import { NumberField } from "../../shared/ui/number-field";
import { TagsField } from "../../shared/ui/tags-field";
import { useScreenWords } from "../../shared/words/screen-words";
import { type Action, freeActs, newAction } from "./texts";
import { VariableArea } from "./variable-area";

interface ActionListProps {
  readonly actions: readonly Action[];
  readonly mayChange: boolean;
  readonly onChange: (actions: readonly Action[]) => void;
}

/** What a macro does, in this order; each kind once. */
export function ActionList({ actions, mayChange, onChange }: ActionListProps) {
  const { t } = useScreenWords();
  const replace = (at: number, part: Partial<Action>) =>
    onChange(actions.map((one, i) => (i === at ? { ...one, ...part } : one)));
  return (
    <fieldset disabled={!mayChange} className="flex flex-col gap-3">
      {actions.map((action, at) => (
        <section
          key={action.do}
          aria-label={t(`act-${action.do}`)}
          className="flex flex-col gap-3 rounded-lg border border-line p-3"
        >
          <div className="flex items-center">
            <h3 className="me-auto text-sm font-medium">{t(`act-${action.do}`)}</h3>
            <Button
              look="quiet"
              size="icon"
              aria-label={t("removeName", { name: t(`act-${action.do}`) })}
              onClick={() => onChange(actions.filter((_, i) => i !== at))}
            >
              <X className="size-4" aria-hidden="true" />
            </Button>
          </div>
          <Details action={action} onChange={(part) => replace(at, part)} />
        </section>
      ))}
      <div className="flex flex-wrap gap-2">
        {freeActs(actions).map((act) => (
          <Button key={act} size="small" onClick={() => onChange([...actions, newAction(act)])}>
            <Plus className="size-3.5" aria-hidden="true" /> {t(`act-${act}`)}
          </Button>
        ))}
      </div>
    </fieldset>
  );
}

interface DetailsProps {
  readonly action: Action;
  readonly onChange: (part: Partial<Action>) => void;
}

function Details({ action, onChange }: DetailsProps) {
  const { t } = useScreenWords();
  switch (action.do) {
    case "reply":
    case "note":
      return (
        <VariableArea
          label={t("text")}
          rows={3}
          value={action.text ?? ""}
          onChange={(text) => onChange({ text })}
        />
      );
    case "update":
      return <Update action={action} onChange={onChange} />;
    case "assign":
      return <Assign action={action} onChange={onChange} />;
    case "transfer":
      return <TransferTo action={action} onChange={onChange} />;
    case "snooze":
      return (
        <NumberField
          label={t("minutes")}
          value={action.minutes ?? null}
          min={1}
          onChange={(minutes) => onChange({ minutes: minutes ?? 1 })}
        />
      );
    case "resolve":
      return null;
  }
}

function Update({ action, onChange }: DetailsProps) {
  const { t } = useScreenWords();
  return (
    <div className="grid grid-cols-[repeat(auto-fit,minmax(12rem,1fr))] gap-3">
      <TagsField
        label={t("addLabels")}
        value={action.addTags ?? []}
        onChange={(addTags) => onChange({ addTags })}
      />
      <TagsField
        label={t("removeLabels")}
        value={action.removeTags ?? []}
        onChange={(removeTags) => onChange({ removeTags })}
      />
      <NumberField
        label={t("priority")}
        value={action.priority ?? null}
        min={0}
        max={100}
        placeholder={t("unchanged")}
        onChange={(priority) => onChange({ priority })}
      />
    </div>
  );
}

function Assign({ action, onChange }: DetailsProps) {
  const { t } = useScreenWords();
  const agents = useAgents().data ?? [];
  return (
    <SelectField
      label={t("assignTo")}
      value={typeof action.to === "string" ? action.to : "me"}
      options={[
        { value: "me", label: t("whoeverRunsIt") },
        ...agents
          .filter(({ disabled }) => !disabled)
          .map(({ id, name }) => ({ value: id, label: name })),
      ]}
      onChange={(to) => onChange({ to })}
    />
  );
}

function TransferTo({ action, onChange }: DetailsProps) {
  const { t } = useScreenWords();
  const queues = useQueues().data ?? [];
  const teams = useTeams().data ?? [];
  const { to = "bot" } = action;
  const value =
    typeof to === "string" ? to : to.queue === undefined ? `team:${to.team}` : `queue:${to.queue}`;
  return (
    <SelectField
      label={t("transferTo")}
      value={value}
      options={[
        { value: "bot", label: t("bot") },
        ...queues.map(({ id, name }) => ({ value: `queue:${id}`, label: name })),
        ...teams.map(({ id, name }) => ({ value: `team:${id}`, label: name })),
      ]}
      onChange={(chosen) => {
        const [kind = "", id = ""] = chosen.split(":");
        onChange({ to: kind === "bot" ? kind : { [kind]: id } });
      }}
    />
  );
}
