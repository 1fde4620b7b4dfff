import { Paperclip } from "lucide-react";
import { useRef } from "react";
import { Button } from "../../shared/ui/button";
import { useWords } from "../../shared/words/words";

interface AttachButtonProps {
  /** Types that the server takes; none known: any may be tried. */
  readonly types: readonly string[] | undefined;
  readonly onFiles: (files: readonly File[]) => void;
}

export function AttachButton({ types, onFiles }: AttachButtonProps) {
  const { t } = useWords();
  const input = useRef<HTMLInputElement>(null);
  return (
    <>
      <Button
        look="quiet"
        size="icon"
        aria-label={t("attachFiles")}
        title={t("attachFiles")}
        onClick={() => input.current?.click()}
      >
        <Paperclip className="size-4" aria-hidden="true" />
      </Button>
      <input
        ref={input}
        type="file"
        multiple
        hidden
        tabIndex={-1}
        accept={types?.join(",")}
        onChange={({ currentTarget }) => {
          onFiles([...(currentTarget.files ?? [])]);
          // The same file may be chosen again.
          currentTarget.value = "";
        }}
      />
    </>
  );
}
