import { Bot, ListOrdered, User, Users } from "lucide-react";
import { type FormEvent, useState } from "react";
import { useConversationActs } from "../../shared/acts/conversation-acts";
import { useAgentsNow, useQueues, useTeams } from "../../shared/api/queries";
import { useSession } from "../../shared/live/session";
import { Button } from "../../shared/ui/button";
import { cx } from "../../shared/ui/class";
import { Dialog } from "../../shared/ui/dialog";
import { useWords } from "../../shared/words/words";
import { type Choice, choicesOf } from "./choices";

interface TransferDialogProps {
  readonly conv: string;
  /** Where to begin; null: closed. */
  readonly kind: "colleague" | "bot" | null;
  readonly onClose: () => void;
}

const SIGNS = { agent: User, queue: ListOrdered, team: Users, bot: Bot };

/** Hand a conversation on: to whom, how, and what they should know. */
export function TransferDialog({ conv, kind, onClose }: TransferDialogProps) {
  const { t } = useWords();
  return (
    <Dialog
      title={t(kind === "bot" ? "returnToBot" : "transferTitle")}
      isOpen={kind !== null}
      onClose={onClose}
    >
      {kind === "bot" ? (
        <ToBot conv={conv} onDone={onClose} />
      ) : (
        <ToSomebody conv={conv} onDone={onClose} />
      )}
    </Dialog>
  );
}

interface FormProps {
  readonly conv: string;
  readonly onDone: () => void;
}

function ToBot({ conv, onDone }: FormProps) {
  const { t } = useWords();
  const acts = useConversationActs();
  const [note, setNote] = useState("");
  const submit = async (event: FormEvent) => {
    event.preventDefault();
    if (await acts.returnToBot(conv, note.trim())) onDone();
  };
  return (
    <form className="flex flex-col gap-4 p-5 pt-3" onSubmit={(event) => void submit(event)}>
      <p className="text-sm text-muted">{t("returnHint")}</p>
      <Note value={note} onChange={setNote} />
      <Button type="submit" look="primary" className="self-end">
        {t("returnToBot")}
      </Button>
    </form>
  );
}

function ToSomebody({ conv, onDone }: FormProps) {
  const { t } = useWords();
  const acts = useConversationActs();
  const [chosen, setChosen] = useState<Choice>();
  const [mode, setMode] = useState<"blind" | "warm">("blind");
  const [note, setNote] = useState("");
  const [isBusy, setIsBusy] = useState(false);
  const submit = async (event: FormEvent) => {
    event.preventDefault();
    if (chosen === undefined) return;
    setIsBusy(true);
    const said = note.trim() === "" ? {} : { note: note.trim() };
    const done = await acts.transfer(conv, { to: chosen.to, mode, ...said });
    setIsBusy(false);
    if (done) onDone();
  };
  return (
    <form className="flex flex-col gap-4 p-5 pt-3" onSubmit={(event) => void submit(event)}>
      <Targets chosen={chosen} onChoose={setChosen} />
      <fieldset className="flex gap-2">
        <legend className="sr-only">{t("transferMode")}</legend>
        {(["blind", "warm"] as const).map((one) => (
          <label
            key={one}
            className={cx(
              "flex flex-1 cursor-pointer flex-col rounded-lg border p-2.5 text-sm has-focus-visible:outline-2 has-focus-visible:outline-accent",
              one === mode ? "border-accent bg-accent-soft" : "border-line",
            )}
          >
            <span className="flex items-center gap-2 font-medium">
              <input
                type="radio"
                name="mode"
                checked={one === mode}
                onChange={() => setMode(one)}
              />
              {t(`mode-${one}`)}
            </span>
            <span className="text-xs text-muted">{t(`mode-${one}-hint`)}</span>
          </label>
        ))}
      </fieldset>
      <Note value={note} onChange={setNote} />
      <Button
        type="submit"
        look="primary"
        className="self-end"
        disabled={chosen === undefined || isBusy}
      >
        {t("transfer")}
      </Button>
    </form>
  );
}

function Note({ value, onChange }: { value: string; onChange: (text: string) => void }) {
  const { t } = useWords();
  return (
    <label className="flex flex-col gap-1 text-xs font-medium text-muted">
      {t("transferNote")}
      <textarea
        className="field min-h-16"
        dir="auto"
        maxLength={500}
        value={value}
        onChange={(event) => onChange(event.target.value)}
      />
    </label>
  );
}

interface TargetsProps {
  readonly chosen: Choice | undefined;
  readonly onChoose: (choice: Choice) => void;
}

function Targets({ chosen, onChoose }: TargetsProps) {
  const words = useWords();
  const { agent } = useSession();
  const [search, setSearch] = useState("");
  const agents = useAgentsNow().data ?? [];
  const queues = useQueues().data ?? [];
  const teams = useTeams().data ?? [];
  const choices = choicesOf({ agents, queues, teams, self: agent.id, search });
  return (
    <div className="flex flex-col gap-2">
      <input
        type="search"
        className="field"
        aria-label={words.t("transferSearch")}
        placeholder={words.t("transferSearch")}
        value={search}
        onChange={(event) => setSearch(event.target.value)}
      />
      <fieldset className="flex max-h-56 flex-col gap-0.5 overflow-auto rounded-lg border border-line p-1">
        <legend className="sr-only">{words.t("transferTo")}</legend>
        {choices.map((choice) => (
          <Target
            key={choice.key}
            choice={choice}
            isChosen={choice.key === chosen?.key}
            onChoose={onChoose}
          />
        ))}
        {choices.length === 0 && (
          <p className="p-3 text-sm text-muted">{words.t("nothingFound")}</p>
        )}
      </fieldset>
    </div>
  );
}

interface TargetProps {
  readonly choice: Choice;
  readonly isChosen: boolean;
  readonly onChoose: (choice: Choice) => void;
}

function Target({ choice, isChosen, onChoose }: TargetProps) {
  const { t } = useWords();
  const Sign = SIGNS[choice.kind];
  const { card } = choice;
  return (
    <label
      className={cx(
        "flex cursor-pointer items-center gap-2.5 rounded-md px-2 py-1.5 text-sm has-focus-visible:outline-2 has-focus-visible:outline-accent",
        isChosen ? "bg-accent-soft text-accent-text" : "hover:bg-hover",
      )}
    >
      <input
        type="radio"
        name="target"
        className="sr-only"
        checked={isChosen}
        onChange={() => onChoose(choice)}
      />
      <Sign className="size-4 shrink-0" aria-hidden="true" />
      <span dir="auto" className="flex-1 truncate font-medium">
        {choice.name}
      </span>
      {card.kind === "agent" ? (
        <span className="flex items-center gap-1.5 text-xs text-muted">
          <span className={`size-2 rounded-full presence-${card.presence}`} aria-hidden="true" />
          {t(`presence-${card.presence}`)} · {card.load}/{card.capacity}
        </span>
      ) : (
        <span className="text-xs text-muted">{t("membersCount", { count: card.members })}</span>
      )}
    </label>
  );
}
