import { Send, StickyNote } from "lucide-react";
import type { ReactNode } from "react";
import type { Mode } from "../../shared/drafts/drafts";
import { IS_MAC } from "../../shared/keys/keymap";
import { useIsOnline } from "../../shared/live/hooks";
import { useSettings } from "../../shared/settings/settings";
import { Button } from "../../shared/ui/button";
import { useWords } from "../../shared/words/words";

interface FootProps {
  readonly mode: Mode;
  readonly isEmpty: boolean;
  readonly problem: string;
  /** What can be put to the text. */
  readonly children: ReactNode;
}

export function Foot({ mode, isEmpty, problem, children }: FootProps) {
  const { t } = useWords();
  const isOnline = useIsOnline();
  const enterSends = useSettings((settings) => settings.enterSends);
  const isNote = mode === "note";
  const Sign = isNote ? StickyNote : Send;
  return (
    <div className="flex items-center gap-3">
      {children}
      <p
        id="composer-problem"
        className="text-xs font-medium text-danger empty:hidden"
        role="alert"
      >
        {problem}
      </p>
      <p className={`flex-1 text-xs ${isNote ? "text-note-ink" : "text-muted"}`}>
        {isOnline
          ? t(enterSends ? "enterHint" : "modEnterHint", { mod: IS_MAC ? "⌘" : "Ctrl" })
          : t("sentLater")}
      </p>
      <Button type="submit" look={isNote ? "note" : "primary"} disabled={isEmpty}>
        <Sign className="size-4 rtl:-scale-x-100" aria-hidden="true" />{" "}
        {t(isNote ? "addNote" : "send")}
      </Button>
    </div>
  );
}
