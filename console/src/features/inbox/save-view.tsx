import { asChorusError, type InboxView } from "@chorus/sdk";
import { type FormEvent, useState } from "react";
import { useSaveView } from "../../shared/api/desk";
import { useSession } from "../../shared/live/session";
import { Button } from "../../shared/ui/button";
import { useWords } from "../../shared/words/words";
import { type Arrangement, filterOf } from "./order";

interface SaveViewProps {
  readonly view: InboxView;
  readonly arrangement: Arrangement;
  readonly onSaved: () => void;
}

const SENIORS: ReadonlySet<string> = new Set(["supervisor", "admin"]);

/** Give what is shown a name, for oneself or, as a senior, for everybody. */
export function SaveView({ view, arrangement, onSaved }: SaveViewProps) {
  const { t } = useWords();
  const { agent } = useSession();
  const [name, setName] = useState("");
  const [isShared, setIsShared] = useState(false);
  const save = useSaveView();
  const submit = (event: FormEvent) => {
    event.preventDefault();
    const { sort, ...narrowing } = arrangement;
    const filter = { view, ...filterOf(narrowing) };
    save.mutate({ name: name.trim(), filter, sort, shared: isShared }, { onSuccess: onSaved });
  };
  return (
    <form onSubmit={submit} className="flex flex-col gap-2 border-t border-line pt-3">
      <div className="flex gap-2">
        <input
          className="field"
          aria-label={t("viewName")}
          placeholder={t("viewName")}
          maxLength={80}
          value={name}
          onChange={(event) => setName(event.target.value)}
        />
        <Button type="submit" disabled={name.trim() === "" || save.isPending}>
          {t("save")}
        </Button>
      </div>
      {SENIORS.has(agent.role) && (
        <label className="flex cursor-pointer items-center gap-2 text-xs text-muted">
          <input
            type="checkbox"
            className="size-4 accent-accent"
            checked={isShared}
            onChange={(event) => setIsShared(event.target.checked)}
          />
          {t("forEverybody")}
        </label>
      )}
      <p role="alert" className="text-xs text-danger empty:hidden">
        {save.error === null ? "" : asChorusError(save.error).message}
      </p>
    </form>
  );
}
