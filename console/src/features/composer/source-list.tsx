import { BookOpen } from "lucide-react";
import { useScreenWords } from "../../shared/words/screen-words";
import type { Source } from "./suggested";

/** What a proposed answer rests on. */
export function SourceList({ sources }: { readonly sources: readonly Source[] }) {
  const { t } = useScreenWords();
  if (sources.length === 0) return null;
  return (
    <ul aria-label={t("restsOn")} className="flex min-w-0 flex-wrap gap-x-3 gap-y-1">
      {sources.map(({ id, title }) => (
        <li key={id} className="flex min-w-0 items-center gap-1 text-xs text-muted">
          <BookOpen className="size-3.5 shrink-0" aria-hidden="true" />
          <span dir="auto" className="truncate">
            {title}
          </span>
        </li>
      ))}
    </ul>
  );
}
