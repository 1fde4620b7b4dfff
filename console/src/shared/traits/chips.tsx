import { Angry, Annoyed, type LucideIcon, Smile } from "lucide-react";
import { cx } from "../ui/class";
import { useTraitWords } from "./trait-words";
import { isIntent, isMood, type Mood } from "./traits";

const LOOKS: Readonly<Record<Mood, readonly [LucideIcon, string]>> = {
  angry: [Angry, "text-danger"],
  negative: [Annoyed, "text-warn"],
  positive: [Smile, "text-good"],
};

interface ChipsProps {
  readonly intent?: string | undefined;
  readonly sentiment?: string | undefined;
  /** Labels that are shown already: a topic is not said twice. */
  readonly tags?: readonly string[] | undefined;
}

/** How a customer sounds, and what it is about: in words, the colour only underlines them. */
export function Chips({ intent, sentiment, tags = [] }: ChipsProps) {
  const t = useTraitWords();
  return (
    <>
      {isMood(sentiment) && <MoodChip mood={sentiment} />}
      {isIntent(intent) && !tags.includes(intent) && (
        <span
          data-intent={intent}
          title={t("topic")}
          className="shrink-0 rounded-full bg-sunken px-1.5 whitespace-nowrap text-ink"
        >
          {t(`intent-${intent}`)}
        </span>
      )}
    </>
  );
}

function MoodChip({ mood }: { readonly mood: Mood }) {
  const t = useTraitWords();
  const [Face, color] = LOOKS[mood];
  return (
    <span
      data-mood={mood}
      title={t("mood")}
      className={cx(
        "inline-flex shrink-0 items-center gap-0.5 font-medium whitespace-nowrap",
        color,
      )}
    >
      <Face className="size-3.5" aria-hidden="true" />
      {t(`mood-${mood}`)}
    </span>
  );
}
