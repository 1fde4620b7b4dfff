import { Search } from "lucide-react";
import { useEffect, useRef, useState } from "react";
import { useSettled } from "../../shared/ui/use-settled";
import { useScreenWords } from "../../shared/words/screen-words";

interface SearchBoxProps {
  readonly value: string;
  readonly onChange: (value: string) => void;
}

const WAIT_MS = 250;

/** The words that are looked for; asked a moment after the last key. */
export function SearchBox({ value, onChange }: SearchBoxProps) {
  const { t } = useScreenWords();
  const [typed, setTyped] = useState(value);
  const field = useRef<HTMLInputElement>(null);
  useEffect(() => field.current?.focus(), []);
  useSettled(typed, WAIT_MS, (text) => {
    if (text.trim() !== value.trim()) onChange(text);
  });
  return (
    <label className="relative block">
      <span className="sr-only">{t("search")}</span>
      <Search
        className="absolute start-3 top-1/2 size-4 -translate-y-1/2 text-muted"
        aria-hidden="true"
      />
      <input
        ref={field}
        type="search"
        dir={typed === "" ? undefined : "auto"}
        className="field h-11 ps-9 text-base"
        placeholder={t("searchPlaceholder")}
        value={typed}
        maxLength={200}
        onChange={(event) => setTyped(event.target.value)}
      />
    </label>
  );
}
