import { useBlocker } from "@tanstack/react-router";
import { useScreenWords } from "../words/screen-words";
import { Button } from "./button";
import { Dialog } from "./dialog";

interface SaveBarProps {
  readonly isChanged: boolean;
  readonly isSaving: boolean;
  readonly isBad?: boolean;
  readonly onSave: () => void;
  readonly onReset: () => void;
}

/** Stays in sight while something is typed and not saved, and lets nobody lose it unasked. */
export function SaveBar({ isChanged, isSaving, isBad, onSave, onReset }: SaveBarProps) {
  const { t } = useScreenWords();
  return (
    <>
      <LeaveDialog isUnsaved={isChanged && !isSaving} />
      {isChanged && (
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
      )}
    </>
  );
}

/** Another part of the same thing is no leaving: what was typed stays there. */
function LeaveDialog({ isUnsaved }: { readonly isUnsaved: boolean }) {
  const { t } = useScreenWords();
  const { status, proceed, reset } = useBlocker({
    shouldBlockFn: ({ current, next }) => isUnsaved && current.pathname !== next.pathname,
    enableBeforeUnload: () => isUnsaved,
    withResolver: true,
  });
  return (
    <Dialog title={t("unsaved")} isOpen={status === "blocked"} onClose={() => reset?.()}>
      <div className="flex justify-end gap-2 px-5 pt-3 pb-5">
        <Button onClick={() => reset?.()}>{t("cancel")}</Button>
        <Button look="danger" className="border border-danger" onClick={() => proceed?.()}>
          {t("discard")}
        </Button>
      </div>
    </Dialog>
  );
}
