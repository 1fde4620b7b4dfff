import { useEffect } from "react";
import { bringsFiles } from "../shared/files/carried";
import { showToast } from "../shared/ui/toasts";
import { useWords } from "../shared/words/words";

/**
 * A file that is dropped where no thread takes it would take the place of the console in its window,
 * and one that is pasted would just vanish: neither happens, and a sentence says so.
 */
export function useNoFiles(): void {
  const { t } = useWords();
  useEffect(() => {
    const refuse = (event: Event, carried: DataTransfer | null) => {
      if (event.defaultPrevented || !bringsFiles(carried)) return;
      event.preventDefault();
      if (event.type === "dragover") return;
      showToast({ id: "files", text: t("noFilesHere"), tone: "problem" });
    };
    const onDrag = (event: DragEvent) => refuse(event, event.dataTransfer);
    const onPaste = (event: ClipboardEvent) => refuse(event, event.clipboardData);
    window.addEventListener("dragover", onDrag);
    window.addEventListener("drop", onDrag);
    window.addEventListener("paste", onPaste);
    return () => {
      window.removeEventListener("dragover", onDrag);
      window.removeEventListener("drop", onDrag);
      window.removeEventListener("paste", onPaste);
    };
  }, [t]);
}
