import { X } from "lucide-react";
import { Button } from "../../shared/ui/button";
import { AreaField, Field, SelectField, Switch } from "../../shared/ui/form";
import { Card } from "../../shared/ui/page";
import { TagsField } from "../../shared/ui/tags-field";
import { LOCALES } from "../../shared/words/locale";
import { useScreenWords } from "../../shared/words/screen-words";
import {
  type Bot,
  type BotSettings,
  numberIn,
  POLICY,
  type PolicyRow,
  refusalOf,
  withEntry,
} from "./bot-shapes";
import { languageNames } from "./languages";
import { Fields, type PartProps } from "./parts";

/** What it may link to, and what it says before anything else to somebody in danger. */
export function BotLimits({ draft, problems, mayChange }: PartProps<Bot>) {
  const { t } = useScreenWords();
  const { settings } = draft.value;
  const set = (part: BotSettings) => draft.set({ settings: { ...settings, ...part } });
  return (
    <Card title={t("botLimits")}>
      <fieldset disabled={!mayChange} className="flex flex-col gap-4">
        <TagsField
          label={t("allowedHosts")}
          value={settings.allowedHosts ?? []}
          hint={t("allowedHostsHint")}
          placeholder="help.example.com"
          problem={refusalOf("allowedHosts", problems.settings)}
          isDisabled={!mayChange}
          onChange={(allowedHosts) => set({ allowedHosts })}
        />
        <Switch
          label={t("botTranslates")}
          hint={t("botTranslatesHint")}
          isOn={settings.translates === true}
          isDisabled={!mayChange}
          onChange={(translates) => set({ translates })}
        />
        <HelpTexts
          texts={settings.helpText ?? {}}
          mayChange={mayChange}
          onChange={(helpText) => set({ helpText })}
        />
      </fieldset>
    </Card>
  );
}

interface HelpTextsProps {
  readonly texts: Readonly<Record<string, string>>;
  readonly mayChange: boolean;
  readonly onChange: (texts: Readonly<Record<string, string>>) => void;
}

const HELP_MAX = 1_000;

function HelpTexts({ texts, mayChange, onChange }: HelpTextsProps) {
  const words = useScreenWords();
  const { t } = words;
  const nameOf = (tag: string) => languageNames([tag], words)[0] ?? tag;
  const free = Object.keys(LOCALES).filter((tag) => !(tag in texts));
  return (
    <div className="flex flex-col gap-3">
      <div>
        <h3 className="text-sm font-medium">{t("helpText")}</h3>
        <p className="text-xs text-muted">{t("helpTextHint")}</p>
      </div>
      {Object.entries(texts).map(([tag, text]) => (
        <div key={tag} className="flex items-start gap-2">
          <div className="flex-1">
            <AreaField
              label={nameOf(tag)}
              value={text}
              maxLength={HELP_MAX}
              onChange={(value) => onChange(withEntry(texts, tag, value))}
            />
          </div>
          <Button
            look="quiet"
            size="icon"
            className="mt-6"
            aria-label={t("removeName", { name: nameOf(tag) })}
            onClick={() => onChange(withEntry(texts, tag, undefined))}
          >
            <X className="size-4" aria-hidden="true" />
          </Button>
        </div>
      ))}
      {mayChange && free.length > 0 && (
        <div className="max-w-56">
          <SelectField
            label={t("addLanguage")}
            value=""
            options={[
              { value: "", label: "" },
              ...free.map((tag) => ({ value: tag, label: nameOf(tag) })),
            ]}
            onChange={(tag) => tag !== "" && onChange(withEntry(texts, tag, ""))}
          />
        </div>
      )}
    </div>
  );
}

/** The table by which it decides between an answer and a person. */
export function BotPolicy({ draft, problems, mayChange }: PartProps<Bot>) {
  const { t } = useScreenWords();
  const { settings } = draft.value;
  const { policy } = settings;
  const change = (key: string, value: number | undefined) =>
    draft.set({ settings: { ...settings, policy: withEntry(policy, key, value) } });
  return (
    <Card title={t("policyTable")} hint={t("policyTableHint")}>
      <Fields mayChange={mayChange}>
        {POLICY.map((row) => (
          <PolicyField
            key={row.key}
            row={row}
            value={policy?.[row.key]}
            problem={problems.settings}
            onChange={(value) => change(row.key, value)}
          />
        ))}
      </Fields>
    </Card>
  );
}

interface PolicyFieldProps {
  readonly row: PolicyRow;
  readonly value: number | string | undefined;
  readonly problem: string | undefined;
  readonly onChange: (value: number | undefined) => void;
}

function PolicyField({ row, value, problem, onChange }: PolicyFieldProps) {
  const { t, locale } = useScreenWords();
  const { key, usual, min, max, step } = row;
  return (
    <Field
      label={t(`policy-${key}`)}
      hint={t("usually", { value: new Intl.NumberFormat(locale).format(usual) })}
      problem={refusalOf(key, problem)}
    >
      {(wiring) => (
        <input
          type="number"
          className="field"
          {...{ min, max, step }}
          value={value ?? ""}
          placeholder={String(usual)}
          onChange={({ target }) => onChange(numberIn(target.value, step === 1))}
          {...wiring}
        />
      )}
    </Field>
  );
}
