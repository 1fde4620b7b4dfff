import { ACTIONS, type Action, IS_MAC, keyOf, spelled } from "../../shared/keys/keymap";
import { useSettings } from "../../shared/settings/settings";
import { Dialog } from "../../shared/ui/dialog";
import { Keys } from "../../shared/ui/kbd";
import { useWords } from "../../shared/words/words";

interface CheatSheetProps {
  readonly isOpen: boolean;
  readonly onClose: () => void;
}

/** Written in the composer; they cannot be changed. */
const WRITING = [
  ["keyNewLine", "Shift+Enter"],
  ["keySend", "Mod+Enter"],
  ["keySendResolve", "Mod+Shift+Enter"],
  ["keySwitch", "Mod+Shift+M"],
] as const;

export function CheatSheet({ isOpen, onClose }: CheatSheetProps) {
  const { t } = useWords();
  const keys = useSettings((settings) => settings.keys);
  const singleKeys = useSettings((settings) => settings.singleKeys);
  const actions: readonly Action[] = ACTIONS;
  return (
    <Dialog
      title={t("cheatSheet")}
      isOpen={isOpen}
      onClose={onClose}
      className="w-[min(94vw,46rem)]"
    >
      {!singleKeys && <p className="mx-5 mt-2 text-sm text-warn">{t("singleKeysOff")}</p>}
      <dl className="grid grid-cols-1 gap-x-8 gap-y-1.5 p-5 text-sm sm:grid-cols-2">
        {actions.map((action) => (
          <Line
            key={action}
            name={t(`key-${action}`)}
            keys={spelled(keyOf(action, keys), IS_MAC)}
          />
        ))}
        {WRITING.map(([name, stroke]) => (
          <Line key={name} name={t(name)} keys={spelled(stroke, IS_MAC)} />
        ))}
      </dl>
    </Dialog>
  );
}

function Line({ name, keys }: { readonly name: string; readonly keys: string }) {
  return (
    <div className="flex items-center justify-between gap-4 border-b border-line py-1">
      <dt>{name}</dt>
      <dd>
        <span className="sr-only">{keys}</span>
        <Keys keys={keys} />
      </dd>
    </div>
  );
}
