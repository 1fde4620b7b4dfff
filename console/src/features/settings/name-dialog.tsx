import { useState } from "react";
import { Button } from "../../shared/ui/button";
import { Dialog } from "../../shared/ui/dialog";
import { TextField } from "../../shared/ui/form";
import { useScreenWords } from "../../shared/words/screen-words";
import { NAME_MAX } from "./parts";

interface NameDialogProps {
  readonly title: string;
  readonly isOpen: boolean;
  readonly onClose: () => void;
  readonly onName: (name: string) => void;
}

/** A new thing needs a name; everything else of it has a default. */
export function NameDialog({ title, isOpen, onClose, onName }: NameDialogProps) {
  return (
    <Dialog title={title} isOpen={isOpen} onClose={onClose}>
      <NameForm
        onName={(name) => {
          onClose();
          onName(name);
        }}
      />
    </Dialog>
  );
}

function NameForm({ onName }: Pick<NameDialogProps, "onName">) {
  const { t } = useScreenWords();
  const [name, setName] = useState("");
  return (
    <form
      className="flex flex-col gap-4 px-5 pt-2 pb-5"
      onSubmit={(event) => {
        event.preventDefault();
        if (name.trim() !== "") onName(name.trim());
      }}
    >
      <TextField label={t("name")} value={name} onChange={setName} maxLength={NAME_MAX} />
      <Button type="submit" look="primary" className="self-end" disabled={name.trim() === ""}>
        {t("create")}
      </Button>
    </form>
  );
}
