import { ArrowDown, ArrowUp, Plus, X } from "lucide-react";
import { Button } from "../../shared/ui/button";
import { SelectField, Switch, TextField } from "../../shared/ui/form";
import { TagsField } from "../../shared/ui/tags-field";
import { useScreenWords } from "../../shared/words/screen-words";
import { FIELD_TYPES, type FormField, fieldProblems } from "./widget-settings";

interface FormBuilderProps {
  readonly name: string;
  readonly fields: readonly FormField[];
  readonly mayChange: boolean;
  readonly onChange: (fields: readonly FormField[]) => void;
}

const FIELDS_MAX = 20;

/** The fields of a form, in their order. */
export function FormBuilder({ name, fields, mayChange, onChange }: FormBuilderProps) {
  const { t } = useScreenWords();
  const problems = fieldProblems(fields);
  const replace = (at: number, part: Partial<FormField>) =>
    onChange(fields.map((one, i) => (i === at ? { ...one, ...part } : one)));
  return (
    <fieldset disabled={!mayChange} className="flex flex-col gap-4">
      <legend className="sr-only">{name}</legend>
      {fields.map((field, at) => (
        <Row
          // biome-ignore lint/suspicious/noArrayIndexKey: the name is what is being typed.
          key={at}
          field={field}
          problem={problems[at] && t(`field-${problems[at]}`)}
          onChange={(part) => replace(at, part)}
          onRemove={() => onChange(fields.filter((_, i) => i !== at))}
          onUp={at > 0 ? () => onChange(swapped(fields, at, at - 1)) : undefined}
          onDown={at < fields.length - 1 ? () => onChange(swapped(fields, at, at + 1)) : undefined}
        />
      ))}
      {fields.length === 0 && <p className="text-sm text-muted">{t("nothingIsAsked")}</p>}
      <div className="flex flex-wrap gap-2">
        {KNOWN.filter(({ name: known }) => !fields.some((one) => one.name === known)).map((one) => (
          <Button
            key={one.name}
            size="small"
            onClick={() => onChange([...fields, { ...one, label: t(`trait-${one.name}`) }])}
          >
            <Plus className="size-3.5" aria-hidden="true" /> {t(`trait-${one.name}`)}
          </Button>
        ))}
        <Button
          size="small"
          disabled={fields.length >= FIELDS_MAX}
          onClick={() => onChange([...fields, { name: freeName(fields), type: "text" }])}
        >
          <Plus className="size-3.5" aria-hidden="true" /> {t("otherField")}
        </Button>
      </div>
    </fieldset>
  );
}

const KNOWN = [
  { name: "name", type: "text" },
  { name: "email", type: "email" },
  { name: "phone", type: "tel" },
] as const;

function freeName(fields: readonly FormField[]): string {
  const taken = new Set(fields.map(({ name }) => name));
  let at = 1;
  while (taken.has(`field${at}`)) at += 1;
  return `field${at}`;
}

function swapped<T>(list: readonly T[], one: number, other: number): readonly T[] {
  return list.map((item, at) => {
    if (at === one) return list[other] ?? item;
    return at === other ? (list[one] ?? item) : item;
  });
}

interface RowProps {
  readonly field: FormField;
  readonly problem: string | undefined;
  readonly onChange: (part: Partial<FormField>) => void;
  readonly onRemove: () => void;
  readonly onUp: (() => void) | undefined;
  readonly onDown: (() => void) | undefined;
}

function Row({ field, problem, onChange, onRemove, onUp, onDown }: RowProps) {
  const { t } = useScreenWords();
  const name = field.label ?? field.name;
  return (
    <div className="flex flex-col gap-3 rounded-lg border border-line p-3">
      <div className="grid grid-cols-[repeat(auto-fit,minmax(8rem,1fr))] gap-3">
        <TextField
          label={t("fieldLabel")}
          value={field.label ?? ""}
          dir="auto"
          onChange={(label) => onChange({ label })}
        />
        <TextField
          label={t("fieldName")}
          value={field.name}
          dir="ltr"
          problem={problem}
          onChange={(value) => onChange({ name: value })}
        />
        <SelectField
          label={t("fieldType")}
          value={field.type ?? "text"}
          options={FIELD_TYPES.map((one) => ({ value: one, label: t(`fieldType-${one}`) }))}
          onChange={(type) => onChange({ type: type as NonNullable<FormField["type"]> })}
        />
      </div>
      {field.type === "select" && (
        <TagsField
          label={t("choices")}
          value={field.options ?? []}
          onChange={(options) => onChange({ options })}
        />
      )}
      <div className="flex items-center gap-1">
        <span className="me-auto">
          <Switch
            label={t("isRequired")}
            isOn={field.required === true}
            onChange={(required) => onChange({ required })}
          />
        </span>
        <Button
          look="quiet"
          size="icon"
          aria-label={t("moveUp", { name })}
          disabled={onUp === undefined}
          onClick={onUp}
        >
          <ArrowUp className="size-4" aria-hidden="true" />
        </Button>
        <Button
          look="quiet"
          size="icon"
          aria-label={t("moveDown", { name })}
          disabled={onDown === undefined}
          onClick={onDown}
        >
          <ArrowDown className="size-4" aria-hidden="true" />
        </Button>
        <Button look="quiet" size="icon" aria-label={t("removeName", { name })} onClick={onRemove}>
          <X className="size-4" aria-hidden="true" />
        </Button>
      </div>
    </div>
  );
}
