import { useQuery } from "@tanstack/react-query";
import { Plus, X } from "lucide-react";
import type { Listed } from "../../shared/api/shapes";
import { useSession } from "../../shared/live/session";
import { useTraitWords } from "../../shared/traits/trait-words";
import { INTENTS, MOODS } from "../../shared/traits/traits";
import { Button } from "../../shared/ui/button";
import { CheckList, withMember } from "../../shared/ui/check-list";
import { TextField } from "../../shared/ui/form";
import { Card } from "../../shared/ui/page";
import { TagsField } from "../../shared/ui/tags-field";
import { useScreenWords } from "../../shared/words/screen-words";
import { Fields, type PartProps } from "./parts";
import { CHANNELS, type Conditions, type Queue, SOURCES } from "./shapes";

/** Which requests come here by themselves; all that is named must hold. */
export function ConditionFields({ draft, problems, mayChange }: PartProps<Queue>) {
  const { t } = useScreenWords();
  const read = useTraitWords();
  const { client } = useSession();
  const inboxes = useQuery({
    queryKey: ["inboxes"],
    queryFn: () =>
      client.request<Listed<{ id: string; name: string }>>("/admin/inboxes", {
        query: { limit: 200 },
      }),
  }).data?.items;
  const { conditions } = draft.value;
  const set = (part: Partial<Record<Exclude<keyof Conditions, "attributes">, readonly string[]>>) =>
    draft.set({ conditions: withoutEmpty({ ...conditions, ...part }) });
  return (
    <Card title={t("conditions")} hint={problems.conditions ?? t("conditionsHint")}>
      <Fields mayChange={mayChange}>
        <CheckList
          label={t("inboxes")}
          items={inboxes ?? []}
          chosen={new Set(conditions.inboxes)}
          isDisabled={!mayChange}
          onChange={(id, isIn) => set({ inboxes: withMember(conditions.inboxes ?? [], id, isIn) })}
        />
        <CheckList
          label={t("channels")}
          items={CHANNELS.map((one) => ({ id: one, name: t(`channel-${one}`) }))}
          chosen={new Set(conditions.channels)}
          isDisabled={!mayChange}
          onChange={(id, isIn) =>
            set({ channels: withMember(conditions.channels ?? [], id, isIn) })
          }
        />
        <CheckList
          label={t("sources")}
          items={SOURCES.map((one) => ({ id: one, name: t(`source-${one}`) }))}
          chosen={new Set(conditions.sources)}
          isDisabled={!mayChange}
          onChange={(id, isIn) => set({ sources: withMember(conditions.sources ?? [], id, isIn) })}
        />
        <TagsField
          label={t("languages")}
          value={conditions.languages ?? []}
          hint={t("conditionLanguagesHint")}
          placeholder="de, fr"
          isDisabled={!mayChange}
          onChange={(languages) => set({ languages })}
        />
        <CheckList
          label={read("topic")}
          hint={read("conditionsHint")}
          items={INTENTS.map((one) => ({ id: one, name: read(`intent-${one}`) }))}
          chosen={new Set(conditions.intents)}
          isDisabled={!mayChange}
          onChange={(id, isIn) => set({ intents: withMember(conditions.intents ?? [], id, isIn) })}
        />
        <CheckList
          label={read("mood")}
          hint={read("conditionsHint")}
          items={MOODS.map((one) => ({ id: one, name: read(`mood-${one}`) }))}
          chosen={new Set(conditions.sentiments)}
          isDisabled={!mayChange}
          onChange={(id, isIn) =>
            set({ sentiments: withMember(conditions.sentiments ?? [], id, isIn) })
          }
        />
      </Fields>
      <Attributes
        value={conditions.attributes ?? {}}
        mayChange={mayChange}
        onChange={(attributes) =>
          draft.set({ conditions: withoutEmpty({ ...conditions, attributes }) })
        }
      />
    </Card>
  );
}

export function withoutEmpty(conditions: Conditions): Conditions {
  const kept = Object.entries(conditions).filter(
    ([, value]) => value !== undefined && Object.keys(value).length > 0,
  );
  return Object.fromEntries(kept);
}

type Values = NonNullable<Conditions["attributes"]>;

interface AttributesProps {
  readonly value: Values;
  readonly mayChange: boolean;
  readonly onChange: (value: Values) => void;
}

function Attributes({ value, mayChange, onChange }: AttributesProps) {
  const { t } = useScreenWords();
  const entries = Object.entries(value);
  const replace = (at: number, name: string, values: Values[string]) =>
    onChange(Object.fromEntries(entries.map((one, i) => (i === at ? [name, values] : one))));
  return (
    <fieldset disabled={!mayChange} className="mt-5 flex flex-col gap-3 text-sm">
      <legend className="mb-1 font-medium">{t("attributes")}</legend>
      {entries.map(([name, values], at) => (
        // biome-ignore lint/suspicious/noArrayIndexKey: the name is what is being typed.
        <div key={at} className="flex items-start gap-3">
          <div className="w-56">
            <TextField
              label={t("attribute")}
              value={name}
              onChange={(typed) => replace(at, typed, values)}
            />
          </div>
          <div className="flex-1">
            <TagsField
              label={t("isOneOf")}
              value={values.map(String)}
              isDisabled={!mayChange}
              onChange={(typed) => replace(at, name, typed.map(attributeOf))}
            />
          </div>
          <Button
            look="quiet"
            size="icon"
            className="mt-6"
            aria-label={t("removeName", { name })}
            onClick={() => onChange(Object.fromEntries(entries.filter((_, i) => i !== at)))}
          >
            <X className="size-4" aria-hidden="true" />
          </Button>
        </div>
      ))}
      <Button
        className="self-start"
        disabled={"" in value}
        onClick={() => onChange({ ...value, "": [] })}
      >
        <Plus className="size-4" aria-hidden="true" /> {t("addAttribute")}
      </Button>
    </fieldset>
  );
}

/** `true`, `false` and whole numbers are what they look like; everything else is text. */
export function attributeOf(text: string): string | number | boolean {
  if (text === "true" || text === "false") return text === "true";
  return /^-?\d{1,15}$/u.test(text) ? Number(text) : text;
}
