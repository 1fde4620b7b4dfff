import { useWords } from "../words/words";
import { showToast } from "./toasts";

/** Put a text on the clipboard, and say whether that worked. */
export function useCopy(): (text: string) => void {
  const { t } = useWords();
  return (text) =>
    void navigator.clipboard.writeText(text).then(
      () => showToast({ text: t("copied") }),
      () => showToast({ text: t("notCopied"), tone: "problem" }),
    );
}
