import { useWords } from "../words/words";
import { citations } from "./citations";

interface SummaryTextProps {
  readonly text: string;
  readonly onAnchor: (seq: number) => void;
}

/** A summary whose numbers in brackets lead to the messages they cite. */
export function SummaryText({ text, onAnchor }: SummaryTextProps) {
  const { t } = useWords();
  return (
    <p dir="auto">
      {citations(text).map((part) =>
        part.seq === undefined ? (
          <span key={part.at}>{part.text}</span>
        ) : (
          <button
            key={part.at}
            type="button"
            className="link cursor-pointer align-super text-[11px] leading-none"
            aria-label={t("citedMessage", { seq: part.seq })}
            data-cites={part.seq}
            onClick={() => part.seq !== undefined && onAnchor(part.seq)}
          >
            {part.text}
          </button>
        ),
      )}
    </p>
  );
}
