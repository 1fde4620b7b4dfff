import { Reply, StickyNote } from "lucide-react";
import type { Mode } from "../../shared/drafts/drafts";
import { cx } from "../../shared/ui/class";
import { useWords } from "../../shared/words/words";

interface ModeSwitchProps {
  readonly mode: Mode;
  readonly isReplyable: boolean;
  readonly onChoose: (mode: Mode) => void;
}

/** Who will read it is said by words, colour and sign. */
export function ModeSwitch({ mode, isReplyable, onChoose }: ModeSwitchProps) {
  const { t } = useWords();
  const look = (isOn: boolean) =>
    cx(
      "inline-flex cursor-pointer items-center gap-1.5 rounded-md px-2.5 py-1 text-xs font-semibold disabled:cursor-not-allowed disabled:opacity-50",
      isOn ? "bg-accent-soft text-accent-text" : "text-muted hover:text-ink",
      isOn && mode === "note" && "bg-note-strong text-note-strong-ink",
      !isOn && mode === "note" && "text-note-ink",
    );
  return (
    <fieldset className="flex gap-1">
      <legend className="sr-only">{t("whatYouWrite")}</legend>
      <button
        type="button"
        aria-pressed={mode === "reply"}
        disabled={!isReplyable}
        className={look(mode === "reply")}
        onClick={() => onChoose("reply")}
      >
        <Reply className="size-3.5 rtl:-scale-x-100" aria-hidden="true" /> {t("reply")}
      </button>
      <button
        type="button"
        aria-pressed={mode === "note"}
        className={look(mode === "note")}
        onClick={() => onChoose("note")}
      >
        <StickyNote className="size-3.5" aria-hidden="true" /> {t("note")}
      </button>
    </fieldset>
  );
}
