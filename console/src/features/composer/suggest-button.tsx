import { Sparkles } from "lucide-react";
import { Button } from "../../shared/ui/button";
import { useWords } from "../../shared/words/words";

interface SuggestButtonProps {
  readonly isOpen: boolean;
  readonly onAsk: () => void;
}

export function SuggestButton({ isOpen, onAsk }: SuggestButtonProps) {
  const { t } = useWords();
  return (
    <Button
      look="quiet"
      size="small"
      title={t("key-suggest")}
      aria-expanded={isOpen}
      disabled={isOpen}
      onClick={onAsk}
    >
      <Sparkles className="size-3.5" aria-hidden="true" /> {t("suggest")}
    </Button>
  );
}
