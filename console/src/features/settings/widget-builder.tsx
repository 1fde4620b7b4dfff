import { AreaField, SelectField, Switch, TextField } from "../../shared/ui/form";
import { NumberField } from "../../shared/ui/number-field";
import { Card } from "../../shared/ui/page";
import { LOCALES } from "../../shared/words/locale";
import { useScreenWords } from "../../shared/words/screen-words";
import { ColourField } from "./colour-field";
import { FormBuilder } from "./form-builder";
import { Fields } from "./parts";
import { Preview } from "./preview";
import { FEATURES, type WidgetSettings, withPart } from "./widget-settings";

interface BuilderProps {
  readonly inboxKey: string;
  readonly settings: WidgetSettings;
  readonly mayChange: boolean;
  readonly problem: string | undefined;
  readonly onChange: (settings: WidgetSettings) => void;
}

interface PartProps {
  readonly settings: WidgetSettings;
  readonly mayChange: boolean;
  readonly set: (part: Readonly<Partial<Record<keyof WidgetSettings, unknown>>>) => void;
}

/** What the chat looks like and asks, beside the chat itself. */
export function WidgetBuilder({ inboxKey, settings, mayChange, problem, onChange }: BuilderProps) {
  const part: PartProps = {
    settings,
    mayChange,
    set: (some) => onChange(withPart(settings, some)),
  };
  return (
    <div className="grid items-start gap-5 xl:grid-cols-[1fr_25rem]">
      <div className="flex min-w-0 flex-col gap-5">
        {problem !== undefined && <p className="text-sm text-danger">{problem}</p>}
        <Looks {...part} />
        <Texts {...part} />
        <Forms {...part} />
        <ConsentCard {...part} />
        <FeatureCard {...part} />
      </div>
      <div className="sticky top-6">
        <Preview inboxKey={inboxKey} settings={settings} />
      </div>
    </div>
  );
}

function Looks({ settings, mayChange, set }: PartProps) {
  const { t } = useScreenWords();
  const { theme = "auto", position = "end", offset = {} } = settings;
  return (
    <Card title={t("looks")}>
      <Fields mayChange={mayChange}>
        <ColourField
          value={settings.color ?? ""}
          theme={theme}
          onChange={(color) => set({ color })}
        />
        <SelectField
          label={t("lightOrDark")}
          value={theme}
          options={(["auto", "light", "dark"] as const).map((one) => ({
            value: one,
            label: t(one === "auto" ? "theme-system" : `theme-${one}`),
          }))}
          onChange={(value) => set({ theme: value === "auto" ? undefined : value })}
        />
        <SelectField
          label={t("position")}
          value={position}
          hint={t("positionHint")}
          options={(["start", "end"] as const).map((one) => ({
            value: one,
            label: t(`position-${one}`),
          }))}
          onChange={(value) => set({ position: value === "end" ? undefined : value })}
        />
        <NumberField
          label={t("offsetX")}
          value={offset.x ?? null}
          min={0}
          max={1_000}
          placeholder={t("usual")}
          onChange={(x) => set({ offset: withNumber(offset, "x", x) })}
        />
        <NumberField
          label={t("offsetY")}
          value={offset.y ?? null}
          min={0}
          max={1_000}
          placeholder={t("usual")}
          onChange={(y) => set({ offset: withNumber(offset, "y", y) })}
        />
        <SelectField
          label={t("language")}
          value={settings.locale ?? ""}
          options={[
            { value: "", label: t("languageOfPage") },
            ...Object.entries(LOCALES).map(([value, label]) => ({ value, label })),
          ]}
          onChange={(locale) => set({ locale })}
        />
      </Fields>
    </Card>
  );
}

type Offset = NonNullable<WidgetSettings["offset"]>;

function withNumber(offset: Offset, axis: "x" | "y", value: number | null): Offset {
  const { [axis]: _, ...other } = offset;
  return value === null ? other : { ...other, [axis]: value };
}

function Texts({ settings, mayChange, set }: PartProps) {
  const { t } = useScreenWords();
  const { launcher } = settings;
  const label = typeof launcher === "object" ? (launcher.label ?? "") : "";
  return (
    <Card title={t("texts")}>
      <Fields mayChange={mayChange}>
        <TextField
          label={t("widgetTitle")}
          value={settings.title ?? ""}
          dir="auto"
          maxLength={200}
          placeholder={t("usual")}
          onChange={(title) => set({ title })}
        />
        <TextField
          label={t("launcherLabel")}
          value={label}
          dir="auto"
          maxLength={200}
          placeholder={t("usual")}
          disabled={launcher === false}
          onChange={(text) => set({ launcher: text === "" ? undefined : { label: text } })}
        />
      </Fields>
      <fieldset disabled={!mayChange} className="mt-4 flex flex-col gap-4">
        <AreaField
          label={t("greeting")}
          value={settings.greeting ?? ""}
          maxLength={500}
          rows={2}
          onChange={(greeting) => set({ greeting })}
        />
        <Switch
          label={t("hasLauncher")}
          hint={t("hasLauncherHint")}
          isOn={launcher !== false}
          onChange={(isOn) => set({ launcher: isOn ? undefined : false })}
        />
        <Switch
          label={t("avatars")}
          hint={t("avatarsHint")}
          isOn={settings.avatars !== false}
          onChange={(isOn) => set({ avatars: isOn ? undefined : false })}
        />
        <Switch
          label={t("hideOnMobile")}
          isOn={settings.hideOnMobile === true}
          onChange={(isOn) => set({ hideOnMobile: isOn ? true : undefined })}
        />
      </fieldset>
    </Card>
  );
}

function Forms({ settings, mayChange, set }: PartProps) {
  const { t } = useScreenWords();
  return (
    <>
      <Card title={t("prechat")} hint={t("prechatHint")}>
        <FormBuilder
          name={t("prechat")}
          fields={settings.prechat ?? []}
          mayChange={mayChange}
          onChange={(prechat) => set({ prechat })}
        />
      </Card>
      <Card title={t("offlineForm")} hint={t("offlineFormHint")}>
        <FormBuilder
          name={t("offlineForm")}
          fields={settings.offline ?? []}
          mayChange={mayChange}
          onChange={(offline) => set({ offline })}
        />
      </Card>
    </>
  );
}

function ConsentCard({ settings, mayChange, set }: PartProps) {
  const { t } = useScreenWords();
  const { consent } = settings;
  const change = (part: Partial<NonNullable<typeof consent>>) => {
    const next = { text: "", ...consent, ...part };
    const kept = Object.entries(next).filter(([key, value]) => key === "text" || value !== "");
    set({ consent: Object.fromEntries(kept) });
  };
  return (
    <Card title={t("consent")} hint={t("consentHint")}>
      <fieldset disabled={!mayChange} className="flex flex-col gap-4">
        <Switch
          label={t("consentAsked")}
          isOn={consent !== undefined}
          onChange={(isOn) => set({ consent: isOn ? { text: t("consentText") } : undefined })}
        />
        {consent !== undefined && (
          <>
            <AreaField
              label={t("consentSentence")}
              value={consent.text}
              maxLength={1_000}
              rows={2}
              problem={consent.text.trim() === "" ? t("mustBeThere") : undefined}
              onChange={(text) => change({ text })}
            />
            <Fields>
              <TextField
                label={t("consentLink")}
                value={consent.link ?? ""}
                dir="ltr"
                placeholder="https://"
                onChange={(link) => change({ link })}
              />
              <TextField
                label={t("consentLinkText")}
                value={consent.linkText ?? ""}
                dir="auto"
                onChange={(linkText) => change({ linkText })}
              />
            </Fields>
          </>
        )}
      </fieldset>
    </Card>
  );
}

function FeatureCard({ settings, mayChange, set }: PartProps) {
  const { t } = useScreenWords();
  const { features = {} } = settings;
  return (
    <Card title={t("features")}>
      <Fields mayChange={mayChange}>
        {FEATURES.map((feature) => (
          <Switch
            key={feature}
            label={t(`feature-${feature}`)}
            hint={t(`feature-${feature}-hint`)}
            isOn={features[feature] !== false}
            onChange={(isOn) => {
              const { [feature]: _, ...others } = features;
              set({ features: isOn ? others : { ...others, [feature]: false } });
            }}
          />
        ))}
      </Fields>
    </Card>
  );
}
