import { RotateCcw } from "lucide-react";
import { useState } from "react";
import {
  ACTIONS,
  type Action,
  IS_MAC,
  KEYS,
  keyOf,
  spelled,
  strokeOf,
} from "../../shared/keys/keymap";
import { useSettings } from "../../shared/settings/settings";
import { Button } from "../../shared/ui/button";
import { Keys } from "../../shared/ui/kbd";
import { useWords } from "../../shared/words/words";
import { Section, Switch } from "./parts";

const FIXED: ReadonlySet<Action> = new Set(["palette", "leave"]);

/** Single keys can be switched off, and each can be another one. */
export function ShortcutSettings() {
  const { t } = useWords();
  const { singleKeys, keys, set } = useSettings();
  const [asked, setAsked] = useState<Action | null>(null);
  const own = (action: Action, stroke: string | undefined) => {
    const { [action]: _, ...others } = keys;
    const isSame = stroke === undefined || stroke === KEYS[action];
    set({ keys: isSame ? others : { ...others, [action]: stroke } });
    setAsked(null);
  };
  return (
    <Section title={t("shortcuts")}>
      <Switch
        label={t("singleKeys")}
        hint={t("singleKeysHint")}
        isOn={singleKeys}
        onChange={(isOn) => set({ singleKeys: isOn })}
      />
      <ul className="flex flex-col">
        {ACTIONS.filter((action) => !FIXED.has(action)).map((action) => (
          <li key={action} className="flex items-center gap-2 border-t border-line py-1.5 text-sm">
            <span className="flex-1">{t(`key-${action}`)}</span>
            {asked === action ? (
              <Ask onKey={(stroke) => own(action, stroke)} onLeave={() => setAsked(null)} />
            ) : (
              <Button
                look="quiet"
                size="small"
                aria-label={t("changeKey", {
                  name: t(`key-${action}`),
                  key: spelled(keyOf(action, keys), IS_MAC),
                })}
                onClick={() => setAsked(action)}
              >
                <Keys keys={spelled(keyOf(action, keys), IS_MAC)} />
              </Button>
            )}
            {keys[action] !== undefined && (
              <Button
                look="quiet"
                size="icon"
                aria-label={t("keyBack")}
                onClick={() => own(action, undefined)}
              >
                <RotateCcw className="size-3.5" aria-hidden="true" />
              </Button>
            )}
          </li>
        ))}
      </ul>
    </Section>
  );
}

interface AskProps {
  readonly onKey: (stroke: string) => void;
  readonly onLeave: () => void;
}

const MODIFIERS: ReadonlySet<string> = new Set([
  "Shift",
  "Control",
  "Alt",
  "Meta",
  "AltGraph",
  "Tab",
]);

/** Takes the next key that is pressed. */
function Ask({ onKey, onLeave }: AskProps) {
  const { t } = useWords();
  return (
    <input
      ref={(field) => field?.focus()}
      readOnly
      aria-label={t("pressKey")}
      placeholder={t("pressKey")}
      className="field max-w-40 text-xs"
      onBlur={onLeave}
      onKeyDown={(event) => {
        if (MODIFIERS.has(event.key)) return;
        event.preventDefault();
        const stroke = strokeOf(event.nativeEvent);
        if (event.key === "Escape" || stroke === "" || stroke.startsWith("Mod+")) onLeave();
        else onKey(stroke);
      }}
    />
  );
}
