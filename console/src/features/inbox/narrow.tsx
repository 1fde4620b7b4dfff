import { ListFilter } from "lucide-react";
import { Popover } from "radix-ui";
import { useAgents, useQueues } from "../../shared/api/queries";
import { Button } from "../../shared/ui/button";
import { cx } from "../../shared/ui/class";
import { useWords } from "../../shared/words/words";
import { ANY, type Narrowing, SORTS, type Sort } from "./order";

interface NarrowProps {
  readonly narrowing: Narrowing;
  readonly sort: Sort;
  readonly queues: Readonly<Record<string, number>>;
  readonly onNarrow: (narrowing: Narrowing & { readonly sort: Sort }) => void;
}

/** Which of a view, and in which order; it stands in the address, so it can be linked. */
export function Narrow({ narrowing, sort, queues, onNarrow }: NarrowProps) {
  const { t } = useWords();
  const { queue, assignee, status = "open" } = narrowing;
  const isNarrow = queue !== undefined || assignee !== undefined || status !== "open";
  const change = (part: Partial<Narrowing> & { sort?: Sort }) =>
    onNarrow({ ...narrowing, sort, ...part });
  return (
    <Popover.Root>
      <Popover.Trigger asChild>
        <Button look="quiet" size="small" className={cx(isNarrow && "text-accent-text")}>
          <ListFilter className="size-4" aria-hidden="true" />
          {isNarrow ? t("filtered") : t("filter")}
        </Button>
      </Popover.Trigger>
      <Popover.Portal>
        <Popover.Content
          align="end"
          sideOffset={6}
          aria-label={t("filter")}
          className="z-50 flex w-64 flex-col gap-3 rounded-lg border border-line bg-surface p-4 shadow-pop outline-none"
        >
          <Choice
            label={t("sort")}
            value={sort}
            options={SORTS.map((one) => [one, t(`sort-${one}`)])}
            onChange={(value) => change({ sort: value as Sort })}
          />
          <Selects narrowing={narrowing} queues={queues} onChange={change} />
        </Popover.Content>
      </Popover.Portal>
    </Popover.Root>
  );
}

interface SelectsProps {
  readonly narrowing: Narrowing;
  readonly queues: Readonly<Record<string, number>>;
  readonly onChange: (part: Partial<Narrowing>) => void;
}

function Selects({ narrowing, queues, onChange }: SelectsProps) {
  const { t } = useWords();
  const known = useQueues().data ?? [];
  const agents = useAgents().data ?? [];
  const any = ["", t("any")] as const;
  const waiting = (name: string) => (queues[name] ? ` (${queues[name]})` : "");
  return (
    <>
      <Choice
        label={t("queue")}
        value={narrowing.queue ?? ""}
        options={[any, ...known.map(({ name }) => [name, name + waiting(name)] as const)]}
        onChange={(value) => onChange({ queue: value || undefined })}
      />
      <Choice
        label={t("assignee")}
        value={narrowing.assignee ?? ""}
        options={[any, ...agents.map(({ id, name }) => [id, name] as const)]}
        onChange={(value) => onChange({ assignee: value || undefined })}
      />
      {narrowing.status !== undefined && (
        <Choice
          label={t("status")}
          value={narrowing.status}
          options={[
            ["open", t("open")],
            ["snoozed", t("snoozed")],
            ["closed", t("resolved")],
            [ANY, t("any")],
          ]}
          onChange={(value) => onChange({ status: value })}
        />
      )}
    </>
  );
}

interface ChoiceProps {
  readonly label: string;
  readonly value: string;
  readonly options: readonly (readonly [string, string])[];
  readonly onChange: (value: string) => void;
}

function Choice({ label, value, options, onChange }: ChoiceProps) {
  return (
    <label className="flex flex-col gap-1 text-xs font-medium text-muted">
      {label}
      <select className="field" value={value} onChange={(event) => onChange(event.target.value)}>
        {options.map(([key, text]) => (
          <option key={key} value={key}>
            {text}
          </option>
        ))}
      </select>
    </label>
  );
}
