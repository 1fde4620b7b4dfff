import { BadgeCheck } from "lucide-react";
import { problemOf, useChange } from "../../shared/api/changes";
import { Button } from "../../shared/ui/button";
import { TextField } from "../../shared/ui/form";
import { Card } from "../../shared/ui/page";
import { useDraft } from "../../shared/ui/use-draft";
import { useScreenWords } from "../../shared/words/screen-words";
import { type Contact, TRAITS } from "./shapes";

/** What they are called and how to reach them. What was signed stands as it is. */
export function Traits({ contact }: { readonly contact: Contact }) {
  const { t } = useScreenWords();
  const { name, email, phone, locale } = contact;
  const draft = useDraft({ name, email, phone, locale });
  const save = useChange({
    changes: [
      ["contact", contact.id],
      ["pages", "/livechat/contacts"],
    ],
    onDone: draft.reset,
  });
  const problems = problemOf(save.error);
  return (
    <Card title={t("contact")} hint={t("traitsHint")}>
      <form
        className="flex flex-col gap-3"
        onSubmit={(event) => {
          event.preventDefault();
          save.mutate({
            path: `/livechat/contacts/${contact.id}`,
            method: "PATCH",
            body: draft.changes,
          });
        }}
      >
        {TRAITS.map((trait) => (
          <TextField
            key={trait}
            label={t(`trait-${trait}`)}
            value={draft.value[trait] ?? ""}
            dir="auto"
            disabled={contact.signed.includes(trait)}
            problem={problems[trait]}
            {...(contact.signed.includes(trait) ? { hint: <Signed /> } : {})}
            onChange={(value) => draft.set({ [trait]: value === "" ? null : value })}
          />
        ))}
        {draft.isChanged && (
          <div className="flex justify-end gap-2">
            <Button onClick={draft.reset}>{t("discard")}</Button>
            <Button type="submit" look="primary" disabled={save.isPending}>
              {t("save")}
            </Button>
          </div>
        )}
      </form>
    </Card>
  );
}

export function Signed() {
  const { t } = useScreenWords();
  return (
    <span className="inline-flex items-center gap-1 text-good">
      <BadgeCheck className="size-3.5" aria-hidden="true" /> {t("signedByYou")}
    </span>
  );
}
