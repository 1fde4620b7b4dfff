import { Plus } from "lucide-react";
import { useConversationActs } from "../../shared/acts/conversation-acts";
import { useSnapshot } from "../../shared/api/queries";
import { Chips } from "../../shared/traits/chips";
import { useTraitWords } from "../../shared/traits/trait-words";
import { isIntent, isMood } from "../../shared/traits/traits";
import { useWords } from "../../shared/words/words";

interface TraitsProps {
  readonly conv: string;
  readonly isReadOnly: boolean;
}

/** What rules read of the customer's words, and labels that these suggest; nothing where nothing is. */
export function Traits({ conv, isReadOnly }: TraitsProps) {
  const t = useTraitWords();
  const { locale } = useWords();
  const { traits, tags = [] } = useSnapshot(conv).data ?? {};
  if (traits == null) return null;
  const { intent, sentiment, language } = traits;
  const suggested = (traits.suggested ?? []).filter((name) => !tags.includes(name));
  const isSaid = isIntent(intent) || isMood(sentiment) || language !== "";
  if (!isSaid && suggested.length === 0) return null;
  return (
    <section data-traits className="flex flex-col gap-2">
      <h3 className="text-xs font-semibold text-muted" title={t("hint")}>
        {t("heading")}
      </h3>
      <p className="flex flex-wrap items-center gap-2 text-xs empty:hidden">
        <Chips intent={intent} sentiment={sentiment} />
        {language !== "" && <span className="text-muted">{languageName(language, locale)}</span>}
      </p>
      {!isReadOnly && suggested.length > 0 && <Suggested conv={conv} names={suggested} />}
    </section>
  );
}

function Suggested({ conv, names }: { readonly conv: string; readonly names: readonly string[] }) {
  const t = useTraitWords();
  const acts = useConversationActs();
  return (
    <ul aria-label={t("suggestedLabels")} className="flex flex-wrap gap-1.5">
      {names.map((name) => (
        <li key={name}>
          <button
            type="button"
            className="flex min-h-6 cursor-pointer items-center gap-1 rounded-full border border-line border-dashed px-2 text-xs hover:bg-hover"
            aria-label={t("addSuggested", { name })}
            onClick={() => void acts.update(conv, { add_tags: [name] })}
          >
            <Plus className="size-3" aria-hidden="true" /> {name}
          </button>
        </li>
      ))}
    </ul>
  );
}

function languageName(tag: string, locale: string): string {
  return new Intl.DisplayNames(locale, { type: "language" }).of(tag) ?? tag;
}
