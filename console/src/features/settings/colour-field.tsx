import { Button } from "../../shared/ui/button";
import { Field } from "../../shared/ui/form";
import { useScreenWords } from "../../shared/words/screen-words";
import { judgeColour, type WidgetSettings } from "./widget-settings";

interface ColourFieldProps {
  readonly value: string;
  readonly theme: WidgetSettings["theme"];
  readonly onChange: (value: string) => void;
}

const USUAL = "#0f6b64";

/** A colour; one that cannot be read is refused, and the nearest that can is offered. */
export function ColourField({ value, theme, onChange }: ColourFieldProps) {
  const { t } = useScreenWords();
  const verdict = judgeColour(value, theme);
  const problem =
    verdict.kind === "fine" ? undefined : t(verdict.kind === "none" ? "colourNone" : "colourFaint");
  return (
    <Field label={t("colour")} hint={t("colourHint")} problem={problem}>
      {(wiring) => (
        <div className="flex items-center gap-2">
          <input
            type="color"
            aria-label={t("pickColour")}
            className="size-9 shrink-0 cursor-pointer rounded-md border border-line-strong bg-surface p-0.5"
            value={verdict.kind === "none" || value === "" ? USUAL : value}
            onChange={(event) => onChange(event.target.value)}
          />
          <input
            className="field font-mono"
            dir="ltr"
            value={value}
            placeholder={USUAL}
            maxLength={7}
            onChange={(event) => onChange(event.target.value)}
            {...wiring}
          />
          {verdict.kind === "faint" && (
            <Button onClick={() => onChange(verdict.nearest)}>
              <svg className="size-4 rounded-sm" aria-hidden="true">
                <rect width="100%" height="100%" fill={verdict.nearest} />
              </svg>
              {t("useColour", { colour: verdict.nearest })}
            </Button>
          )}
        </div>
      )}
    </Field>
  );
}
