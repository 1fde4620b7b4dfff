import { Paperclip } from "lucide-react";
import { Empty } from "../../shared/ui/empty";
import { useWords } from "../../shared/words/words";
import type { ContextProps } from "./context-pane";

const KIB = 1_024;

/** Files of this conversation, as far as events tell of them. */
export function FilesTab({ view }: ContextProps) {
  const { t, locale } = useWords();
  const files = Object.values(view.attachments);
  if (files.length === 0) {
    return (
      <Empty icon={Paperclip} title={t("noFiles")}>
        {t("noFilesHint")}
      </Empty>
    );
  }
  const number = new Intl.NumberFormat(locale, { maximumFractionDigits: 1 });
  return (
    <ul className="flex flex-col gap-2 text-sm">
      {files.map((file) => (
        <li key={file.id} className="flex items-center gap-2 rounded-lg border border-line p-2">
          <Paperclip className="size-4 text-muted" aria-hidden="true" />
          <span className="flex-1 truncate">{file.mime}</span>
          <span className="text-xs text-muted">{number.format(file.size / KIB)} KiB</span>
        </li>
      ))}
    </ul>
  );
}
