import type { LucideIcon } from "lucide-react";
import type { ReactNode } from "react";

interface EmptyProps {
  readonly icon: LucideIcon;
  readonly title: string;
  readonly children?: ReactNode;
}

/** Never a blank pane: what would stand here, and what to do. */
export function Empty({ icon: Sign, title, children }: EmptyProps) {
  return (
    <div className="flex h-full min-h-40 flex-col items-center justify-center gap-2 p-8 text-center">
      <Sign className="size-8 text-faint" strokeWidth={1.5} aria-hidden="true" />
      <p className="font-medium text-ink">{title}</p>
      <div className="max-w-72 text-sm text-muted">{children}</div>
    </div>
  );
}
