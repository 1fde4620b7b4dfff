import { useTraitWords } from "../../shared/traits/trait-words";
import { INTENTS, MOODS } from "../../shared/traits/traits";
import { useWords } from "../../shared/words/words";
import { Choice } from "./choice";
import type { Arrangement } from "./order";

interface NarrowTraitsProps {
  readonly arrangement: Arrangement;
  readonly onChange: (part: Partial<Arrangement>) => void;
}

/** Only what the customer's words are about, or how they sound. */
export function NarrowTraits({ arrangement, onChange }: NarrowTraitsProps) {
  const t = useTraitWords();
  const any = ["", useWords().t("any")] as const;
  return (
    <>
      <Choice
        label={t("topic")}
        value={arrangement.intent ?? ""}
        options={[any, ...INTENTS.map((one) => [one, t(`intent-${one}`)] as const)]}
        onChange={(value) => onChange({ intent: value || undefined })}
      />
      <Choice
        label={t("mood")}
        value={arrangement.sentiment ?? ""}
        options={[any, ...MOODS.map((one) => [one, t(`mood-${one}`)] as const)]}
        onChange={(value) => onChange({ sentiment: value || undefined })}
      />
    </>
  );
}
