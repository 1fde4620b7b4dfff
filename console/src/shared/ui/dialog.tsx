import { X } from "lucide-react";
import { Dialog as Radix } from "radix-ui";
import type { ReactNode } from "react";
import { useWords } from "../words/words";
import { Button } from "./button";
import { cx } from "./class";

interface DialogProps {
  readonly title: string;
  readonly isOpen: boolean;
  readonly onClose: () => void;
  readonly children: ReactNode;
  readonly className?: string;
  /** The title is there for those who hear the page only. */
  readonly hidesTitle?: boolean;
}

/**
 * A modal dialog. Without Radix's own overlay, which locks the page by an inline style sheet that
 * our policy refuses; nothing behind it scrolls anyhow.
 */
export function Dialog({ title, isOpen, onClose, children, className, hidesTitle }: DialogProps) {
  const { t } = useWords();
  return (
    <Radix.Root open={isOpen} onOpenChange={(open) => !open && onClose()}>
      <Radix.Portal>
        <div className="fixed inset-0 z-40 bg-shade" aria-hidden="true" />
        <Radix.Content
          aria-describedby={undefined}
          onOpenAutoFocus={focusField}
          className={cx(
            "fixed start-1/2 top-[12vh] z-50 max-h-[76vh] w-[min(92vw,30rem)] -translate-x-1/2 overflow-auto rtl:translate-x-1/2",
            "rounded-xl border border-line bg-surface shadow-pop outline-none",
            className,
          )}
        >
          <div
            className={cx("flex items-center justify-between px-5 pt-4", hidesTitle && "sr-only")}
          >
            <Radix.Title className="text-base font-semibold">{title}</Radix.Title>
            <Button look="quiet" size="icon" aria-label={t("close")} onClick={onClose}>
              <X className="size-4" aria-hidden="true" />
            </Button>
          </div>
          {children}
        </Radix.Content>
      </Radix.Portal>
    </Radix.Root>
  );
}

/** Who opened it wants to write or choose, not to close it again. */
function focusField(event: Event): void {
  const field = (event.target as HTMLElement).querySelector<HTMLElement>("input, textarea, select");
  if (field === null) return;
  event.preventDefault();
  field.focus();
}
