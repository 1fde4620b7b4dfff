import { Plus, X } from "lucide-react";
import { useState } from "react";
import { useChange } from "../../shared/api/changes";
import { Button } from "../../shared/ui/button";
import { TextField } from "../../shared/ui/form";
import { Card } from "../../shared/ui/page";
import { useScreenWords } from "../../shared/words/screen-words";
import type { Contact } from "./shapes";
import { Signed } from "./traits";

/** What is known besides: signed by the tenant's back end, or typed by somebody. */
export function Attributes({ contact }: { readonly contact: Contact }) {
  const { t } = useScreenWords();
  const change = useChange({ changes: [["contact", contact.id]] });
  const put = (name: string, value: string | null) =>
    change.mutate({
      path: `/livechat/contacts/${contact.id}`,
      method: "PATCH",
      body: { attributes: { [name]: value } },
    });
  return (
    <Card title={t("attributes")} hint={t("attributesHint")}>
      {contact.attributes.length === 0 && (
        <p className="mb-3 text-sm text-muted">{t("noAttributes")}</p>
      )}
      <dl className="text-sm">
        {contact.attributes.map(({ name, value, signed }) => (
          <div key={name} className="flex items-center gap-3 border-b border-line py-2">
            <dt className="w-2/5 truncate text-muted" dir="auto">
              {name}
            </dt>
            <dd className="min-w-0 flex-1 wrap-anywhere" dir="auto">
              {String(value)}
            </dd>
            <dd className="shrink-0 text-xs text-muted">
              {signed ? (
                <Signed />
              ) : (
                <Button
                  look="quiet"
                  size="icon"
                  aria-label={t("removeName", { name })}
                  onClick={() => put(name, null)}
                >
                  <X className="size-4" aria-hidden="true" />
                </Button>
              )}
            </dd>
          </div>
        ))}
      </dl>
      <Add onAdd={put} isBusy={change.isPending} />
    </Card>
  );
}

interface AddProps {
  readonly onAdd: (name: string, value: string) => void;
  readonly isBusy: boolean;
}

function Add({ onAdd, isBusy }: AddProps) {
  const { t } = useScreenWords();
  const [name, setName] = useState("");
  const [value, setValue] = useState("");
  const isWhole = name.trim() !== "" && value.trim() !== "";
  return (
    <form
      className="mt-4 flex items-end gap-2"
      onSubmit={(event) => {
        event.preventDefault();
        if (!isWhole) return;
        onAdd(name.trim(), value.trim());
        setName("");
        setValue("");
      }}
    >
      <TextField label={t("name")} value={name} onChange={setName} fieldClass="flex-1" />
      <TextField label={t("value")} value={value} onChange={setValue} fieldClass="flex-1" />
      <Button type="submit" disabled={!isWhole || isBusy}>
        <Plus className="size-4" aria-hidden="true" /> {t("add")}
      </Button>
    </form>
  );
}
