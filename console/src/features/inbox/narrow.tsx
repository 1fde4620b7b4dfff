import type { InboxView } from "@chorus/sdk";
import type { Inbox } from "@chorus/sdk/inbox";
import { ListFilter } from "lucide-react";
import { Popover } from "radix-ui";
import { type ReactNode, Suspense, useState } from "react";
import { useLabels } from "../../shared/api/desk";
import { useAgents, useQueues } from "../../shared/api/queries";
import { useSession } from "../../shared/live/session";
import { Button } from "../../shared/ui/button";
import { cx } from "../../shared/ui/class";
import { decoration } from "../../shared/ui/decoration";
import { useWords } from "../../shared/words/words";
import { Choice } from "./choice";
import { ANY, type Arrangement, SORTS } from "./order";
import { SaveView } from "./save-view";

const NarrowTraits = decoration(async () => (await import("./narrow-traits")).NarrowTraits);

interface NarrowProps {
  readonly view: InboxView;
  readonly arrangement: Arrangement;
  readonly queues: Inbox["queues"];
  readonly onNarrow: (arrangement: Arrangement) => void;
}

/** Which of a view, and in which order; it stands in the address, so it can be linked. */
export function Narrow({ view, arrangement, queues, onNarrow }: NarrowProps) {
  const { t } = useWords();
  const [isOpen, setIsOpen] = useState(false);
  const { sort, status = "open", ...others } = arrangement;
  const isNarrow = status !== "open" || Object.values(others).some((one) => one !== undefined);
  const change = (part: Partial<Arrangement>) => onNarrow({ ...arrangement, ...part });
  return (
    <Popover.Root open={isOpen} onOpenChange={setIsOpen}>
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
          className="z-50 flex w-72 flex-col gap-3 rounded-lg border border-line bg-surface p-4 shadow-pop outline-none"
        >
          <Choice
            label={t("sort")}
            value={sort}
            options={SORTS.map((one) => [one, t(`sort-${one}`)])}
            onChange={(value) => change({ sort: value as Arrangement["sort"] })}
          />
          <Whose arrangement={arrangement} queues={queues} onChange={change} />
          <Suspense>
            <NarrowTraits arrangement={arrangement} onChange={change} />
          </Suspense>
          <Which arrangement={arrangement} onChange={change} />
          <SaveView view={view} arrangement={arrangement} onSaved={() => setIsOpen(false)} />
        </Popover.Content>
      </Popover.Portal>
    </Popover.Root>
  );
}

interface PartProps {
  readonly arrangement: Arrangement;
  readonly onChange: (part: Partial<Arrangement>) => void;
}

function Whose({ arrangement, queues, onChange }: PartProps & Pick<NarrowProps, "queues">) {
  const { t } = useWords();
  const { agent } = useSession();
  const known = useQueues().data ?? [];
  const agents = useAgents().data ?? [];
  const any = ["", t("any")] as const;
  const waiting = (name: string) => (queues[name]?.waiting ? ` (${queues[name].waiting})` : "");
  const others = agents.filter(({ id }) => id !== agent.id);
  return (
    <>
      <Choice
        label={t("queue")}
        value={arrangement.queue ?? ""}
        options={[any, ...known.map(({ name }) => [name, name + waiting(name)] as const)]}
        onChange={(value) => onChange({ queue: value || undefined })}
      />
      <Choice
        label={t("assignee")}
        value={arrangement.assignee ?? ""}
        options={[
          any,
          ["me", t("you")],
          ["none", t("nobody")],
          ...others.map(({ id, name }) => [id, name] as const),
        ]}
        onChange={(value) => onChange({ assignee: value || undefined })}
      />
    </>
  );
}

function Which({ arrangement, onChange }: PartProps) {
  const { t } = useWords();
  const labels = useLabels().data ?? [];
  return (
    <>
      <Choice
        label={t("label")}
        value={arrangement.tags ?? ""}
        options={[["", t("any")], ...labels.map(({ name }) => [name, name] as const)]}
        onChange={(value) => onChange({ tags: value || undefined })}
      />
      {arrangement.status !== undefined && (
        <Choice
          label={t("status")}
          value={arrangement.status}
          options={[
            ["open", t("open")],
            ["snoozed", t("snoozed")],
            ["closed", t("resolved")],
            [ANY, t("any")],
          ]}
          onChange={(value) => onChange({ status: value })}
        />
      )}
      <Tick
        isOn={arrangement.priority !== undefined}
        onChange={(isOn) => onChange({ priority: isOn ? 1 : undefined })}
      >
        {t("onlyPriority")}
      </Tick>
      <Tick
        isOn={arrangement.unread === true}
        onChange={(isOn) => onChange({ unread: isOn ? true : undefined })}
      >
        {t("onlyUnread")}
      </Tick>
    </>
  );
}

interface TickProps {
  readonly isOn: boolean;
  readonly onChange: (isOn: boolean) => void;
  readonly children: ReactNode;
}

function Tick({ isOn, onChange, children }: TickProps) {
  return (
    <label className="flex cursor-pointer items-center gap-2 text-sm">
      <input
        type="checkbox"
        className="size-4 accent-accent"
        checked={isOn}
        onChange={(event) => onChange(event.target.checked)}
      />
      {children}
    </label>
  );
}
