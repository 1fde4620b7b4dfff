import { useEffect } from "react";
import { showToast } from "../shared/ui/toasts";
import { useWords } from "../shared/words/words";

/**
 * Files cannot be sent yet. One that is dropped would take the place of the console in its window,
 * and one that is pasted would just vanish: neither happens, and a sentence says so.
 */
export function useNoFiles(): void {
  const { t } = useWords();
  useEffect(() => {
    const refuse = (event: Event, carried: DataTransfer | null) => {
      if (!bringsFiles(carried)) return;
      event.preventDefault();
      if (event.type === "dragover") return;
      showToast({ id: "files", text: t("noFilesYet"), tone: "problem" });
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

/** A table from a spreadsheet comes as text and as a picture; there the text is meant. */
export function bringsFiles(carried: Pick<DataTransfer, "types"> | null): boolean {
  const types = carried?.types ?? [];
  return types.includes("Files") && !types.includes("text/plain");
}
