import type { Ownership } from "../domain/ownership";
import { useWords } from "../words/words";

/** Who has a conversation, in one word and one colour. */
export function OwnershipBadge({ of }: { readonly of: Ownership }) {
  const { t } = useWords();
  return (
    <span className={`badge badge-${of}`} data-badge={of}>
      {t(of)}
    </span>
  );
}
