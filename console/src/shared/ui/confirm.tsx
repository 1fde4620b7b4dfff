import type { ReactNode } from "react";
import { useScreenWords } from "../words/screen-words";
import { Button } from "./button";
import { Dialog } from "./dialog";

interface ConfirmProps {
  readonly title: string;
  readonly children: ReactNode;
  /** What it does, on its button. */
  readonly act: string;
  readonly isOpen: boolean;
  readonly onClose: () => void;
  readonly onConfirm: () => void;
}

/** For what cannot be undone: says what will happen, and asks once. */
export function Confirm({ title, children, act, isOpen, onClose, onConfirm }: ConfirmProps) {
  const { t } = useScreenWords();
  return (
    <Dialog title={title} isOpen={isOpen} onClose={onClose}>
      <div className="flex flex-col gap-5 px-5 pt-2 pb-5 text-sm">
        <div>{children}</div>
        <div className="flex justify-end gap-2">
          <Button onClick={onClose}>{t("cancel")}</Button>
          <Button
            look="danger"
            className="border border-danger"
            onClick={() => {
              onClose();
              onConfirm();
            }}
          >
            {act}
          </Button>
        </div>
      </div>
    </Dialog>
  );
}
