import type { QueryKey } from "@tanstack/react-query";
import { Trash2 } from "lucide-react";
import { type ReactNode, useState } from "react";
import { useChange } from "../../shared/api/changes";
import { Button } from "../../shared/ui/button";
import { Confirm } from "../../shared/ui/confirm";
import { useScreenWords } from "../../shared/words/screen-words";
import { useOpen } from "./use-open";

interface RemovalProps {
  readonly name: string;
  readonly path: string;
  /** What is read again afterwards. */
  readonly changes: readonly QueryKey[];
  readonly section: string;
  /** What it means; without it, that there is no way back. */
  readonly children?: ReactNode;
}

/** Take something away for good, after asking once. */
export function Removal({ name, path, changes, section, children }: RemovalProps) {
  const { t } = useScreenWords();
  const [isAsking, setAsking] = useState(false);
  const open = useOpen(section);
  const remove = useChange({ changes, said: t("removed"), onDone: () => open() });
  return (
    <>
      <Button look="danger" onClick={() => setAsking(true)}>
        <Trash2 className="size-4" aria-hidden="true" /> {t("remove")}
      </Button>
      <Confirm
        title={t("removeNamed", { name })}
        act={t("remove")}
        isOpen={isAsking}
        onClose={() => setAsking(false)}
        onConfirm={() => remove.mutate({ path, method: "DELETE" })}
      >
        {children ?? t("cannotBeUndone")}
      </Confirm>
    </>
  );
}
