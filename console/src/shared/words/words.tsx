import { Direction } from "radix-ui";
import { createContext, type ReactNode, use, useEffect, useState } from "react";
import { useSettings } from "../settings/settings";
import { ENGLISH, loadWords, localeOf, type Words } from "./locale";

const WordsContext = createContext<Words>(ENGLISH);

/** The words of the language that was chosen, else of the browser's. */
export function WordsProvider({ children }: { readonly children: ReactNode }) {
  const chosen = useSettings((settings) => settings.locale);
  const [words, setWords] = useState<Words>();
  useEffect(() => {
    let isWanted = true;
    void loadWords(chosen ?? localeOf(navigator.languages))
      .catch(() => ENGLISH)
      .then((loaded) => {
        if (!isWanted) return;
        document.documentElement.lang = loaded.language;
        document.documentElement.dir = loaded.dir;
        setWords(loaded);
      });
    return () => {
      isWanted = false;
    };
  }, [chosen]);
  return words === undefined ? null : (
    <WordsContext value={words}>
      <Direction.Provider dir={words.dir}>{children}</Direction.Provider>
    </WordsContext>
  );
}

export function useWords(): Words {
  return use(WordsContext);
}
