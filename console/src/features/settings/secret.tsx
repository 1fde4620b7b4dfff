import { Copy } from "lucide-react";
import type { ReactNode } from "react";
import { Button } from "../../shared/ui/button";
import { Dialog } from "../../shared/ui/dialog";
import { showToast } from "../../shared/ui/toasts";
import { useScreenWords } from "../../shared/words/screen-words";

interface SecretProps {
  readonly title: string;
  /** null: nothing to show. */
  readonly secret: string | null;
  readonly children: ReactNode;
  readonly onClose: () => void;
}

/** Something that is shown once and never again. */
export function SecretDialog({ title, secret, children, onClose }: SecretProps) {
  const { t } = useScreenWords();
  const copy = async () => {
    await navigator.clipboard.writeText(secret ?? "");
    showToast({ text: t("copied") });
  };
  return (
    <Dialog title={title} isOpen={secret !== null} onClose={onClose}>
      <div className="flex flex-col gap-4 px-5 pt-2 pb-5 text-sm">
        <div>{children}</div>
        <code
          dir="ltr"
          className="block rounded-lg bg-sunken p-3 font-mono text-xs wrap-anywhere select-all"
          data-secret
        >
          {secret}
        </code>
        <div className="flex justify-end gap-2">
          <Button onClick={onClose}>{t("close")}</Button>
          <Button look="primary" onClick={() => void copy()}>
            <Copy className="size-4" aria-hidden="true" /> {t("copy")}
          </Button>
        </div>
      </div>
    </Dialog>
  );
}
