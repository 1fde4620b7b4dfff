import { useScreenWords } from "../words/screen-words";
import { Button } from "./button";

interface SaveBarProps {
  readonly isChanged: boolean;
  readonly isSaving: boolean;
  readonly isBad?: boolean;
  readonly onSave: () => void;
  readonly onReset: () => void;
}

/** Stays in sight while something is typed and not saved. */
export function SaveBar({ isChanged, isSaving, isBad, onSave, onReset }: SaveBarProps) {
  const { t } = useScreenWords();
  if (!isChanged) return null;
  return (
    <div
      role="status"
      className="rise sticky bottom-4 z-20 flex items-center gap-3 rounded-xl border border-line bg-surface px-5 py-3 shadow-pop"
    >
      <span className="me-auto text-sm">{t("unsaved")}</span>
      <Button onClick={onReset} disabled={isSaving}>
        {t("discard")}
      </Button>
      <Button look="primary" onClick={onSave} disabled={isSaving || isBad === true}>
        {t(isSaving ? "saving" : "save")}
      </Button>
    </div>
  );
}
