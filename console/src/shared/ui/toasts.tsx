import { X } from "lucide-react";
import { create } from "zustand";
import { useWords } from "../words/words";
import { Button } from "./button";

export interface Toast {
  readonly id: string;
  readonly text: string;
  readonly tone?: "plain" | "problem";
  readonly action?: { readonly label: string; readonly run: () => void };
}

interface ToastStore {
  readonly toasts: readonly Toast[];
}

const MAX_SHOWN = 4;
const SHOWN_MS = 5_000;
const PROBLEM_SHOWN_MS = 10_000;

const useToasts = create<ToastStore>(() => ({ toasts: [] }));

/** Say something in passing. One with an action stays until its time to act is over. */
export function showToast(toast: Omit<Toast, "id"> & { readonly id?: string }): string {
  const id = toast.id ?? crypto.randomUUID();
  const others = useToasts.getState().toasts.filter((one) => one.id !== id);
  useToasts.setState({ toasts: [...others, { ...toast, id }].slice(-MAX_SHOWN) });
  setTimeout(() => hideToast(id), toast.tone === "problem" ? PROBLEM_SHOWN_MS : SHOWN_MS);
  return id;
}

export function hideToast(id: string): void {
  useToasts.setState(({ toasts }) => ({ toasts: toasts.filter((one) => one.id !== id) }));
}

export function Toasts() {
  const { toasts } = useToasts();
  return (
    <div
      role="status"
      aria-live="polite"
      className="pointer-events-none fixed start-17 bottom-4 z-50 flex flex-col items-start gap-2"
    >
      {toasts.map((toast) => (
        <ToastCard key={toast.id} toast={toast} />
      ))}
    </div>
  );
}

function ToastCard({ toast }: { readonly toast: Toast }) {
  const { t } = useWords();
  const { action } = toast;
  return (
    <div
      data-toast={toast.tone ?? "plain"}
      className="pointer-events-auto flex max-w-[min(90vw,34rem)] items-center gap-3 rounded-lg bg-inverse py-2 ps-4 pe-2 text-sm text-inverse-ink shadow-pop"
    >
      <span dir="auto">{toast.text}</span>
      {action !== undefined && (
        <button
          type="button"
          className="cursor-pointer rounded px-2 py-1 font-semibold text-inverse-accent hover:underline"
          onClick={() => {
            hideToast(toast.id);
            action.run();
          }}
        >
          {action.label}
        </button>
      )}
      <Button
        look="quiet"
        size="icon"
        className="text-inverse-ink hover:bg-white/10 hover:text-inverse-ink"
        aria-label={t("close")}
        onClick={() => hideToast(toast.id)}
      >
        <X className="size-4" aria-hidden="true" />
      </Button>
    </div>
  );
}
