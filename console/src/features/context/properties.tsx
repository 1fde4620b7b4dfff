import { ChevronsUp, Plus, X } from "lucide-react";
import { type FormEvent, useState } from "react";
import { useConversationActs } from "../../shared/acts/conversation-acts";
import { useLabels } from "../../shared/api/desk";
import { useSnapshot } from "../../shared/api/queries";
import { useWords } from "../../shared/words/words";

const LEVELS = [0, 1, 2, 3] as const;
const MAX_LABEL = 50;

interface PropertiesProps {
  readonly conv: string;
  readonly isReadOnly: boolean;
}

/** What colleagues sort by: labels and priority, changed in place. */
export function Properties({ conv, isReadOnly }: PropertiesProps) {
  const { t } = useWords();
  const snapshot = useSnapshot(conv).data;
  const acts = useConversationActs();
  const level = snapshot?.priority ?? 0;
  const levels = LEVELS.some((one) => one === level) ? LEVELS : [...LEVELS, level];
  return (
    <section className="flex flex-col gap-3">
      <Labels conv={conv} tags={snapshot?.tags ?? []} isReadOnly={isReadOnly} />
      <label className="flex items-center justify-between gap-3">
        <span className="flex items-center gap-1.5 text-xs font-semibold text-muted">
          <ChevronsUp className="size-3.5" aria-hidden="true" /> {t("priority")}
        </span>
        <select
          data-key="priority"
          className="field max-w-36"
          value={level}
          disabled={isReadOnly}
          onChange={(event) => void acts.update(conv, { priority: Number(event.target.value) })}
        >
          {levels.map((one) => (
            <option key={one} value={one}>
              {one === 0 ? t("priorityNormal") : t("priorityLevel", { level: one })}
            </option>
          ))}
        </select>
      </label>
    </section>
  );
}

interface LabelsProps extends PropertiesProps {
  readonly tags: readonly string[];
}

function Labels({ conv, tags, isReadOnly }: LabelsProps) {
  const { t } = useWords();
  const acts = useConversationActs();
  return (
    <div className="flex flex-col gap-2">
      <h3 className="text-xs font-semibold text-muted">{t("labels")}</h3>
      <ul className="flex flex-wrap gap-1.5 empty:hidden">
        {tags.map((tag) => (
          <li
            key={tag}
            className={`flex items-center gap-1 rounded-full bg-sunken ps-2.5 text-xs ${isReadOnly ? "py-0.5 pe-2.5" : "pe-1"}`}
            data-label={tag}
          >
            <span dir="auto">{tag}</span>
            {!isReadOnly && (
              <button
                type="button"
                className="cursor-pointer rounded-full p-1 text-muted hover:text-danger"
                aria-label={t("removeLabel", { name: tag })}
                onClick={() => void acts.update(conv, { remove_tags: [tag] })}
              >
                <X className="size-3" aria-hidden="true" />
              </button>
            )}
          </li>
        ))}
      </ul>
      {!isReadOnly && <AddLabel conv={conv} tags={tags} />}
    </div>
  );
}

function AddLabel({ conv, tags }: Omit<LabelsProps, "isReadOnly">) {
  const { t } = useWords();
  const acts = useConversationActs();
  const known = useLabels().data ?? [];
  const [text, setText] = useState("");
  const add = (event: FormEvent) => {
    event.preventDefault();
    const tag = text.trim();
    if (tag !== "") void acts.update(conv, { add_tags: [tag] });
    setText("");
  };
  return (
    <form className="relative" onSubmit={add}>
      <Plus className="absolute start-2.5 top-2.5 size-3.5 text-muted" aria-hidden="true" />
      <input
        data-key="labels"
        className="field ps-8"
        list={`labels-${conv}`}
        aria-label={t("addLabel")}
        placeholder={t("addLabel")}
        maxLength={MAX_LABEL}
        value={text}
        onChange={(event) => setText(event.target.value)}
      />
      <datalist id={`labels-${conv}`}>
        {known
          .filter(({ name }) => !tags.includes(name))
          .map(({ name }) => (
            <option key={name} value={name} />
          ))}
      </datalist>
    </form>
  );
}
