import { type ReactNode, Suspense } from "react";
import { cx } from "./class";
import { Rows } from "./states";

interface PageProps {
  readonly title: string;
  readonly hint?: ReactNode;
  /** What acts on the whole page, at the end of its first line. */
  readonly actions?: ReactNode;
  readonly children: ReactNode;
  readonly width?: "text" | "wide";
}

/** A page beside the rail: its name, what acts on it, and what it holds. */
export function Page({ title, hint, actions, children, width = "wide" }: PageProps) {
  return (
    <main className="min-h-0 min-w-0 flex-1 overflow-y-auto bg-canvas" data-page>
      <div
        className={cx(
          "mx-auto flex flex-col gap-5 px-8 py-6 max-[700px]:px-4",
          width === "wide" ? "max-w-[90rem]" : "max-w-4xl",
        )}
      >
        <header className="flex flex-wrap items-center gap-x-4 gap-y-3">
          <div className="me-auto min-w-0">
            <h1 className="text-xl font-semibold">{title}</h1>
            {hint !== undefined && <div className="text-sm text-muted">{hint}</div>}
          </div>
          {actions}
        </header>
        {children}
      </div>
    </main>
  );
}

/** What a page shows while its code or its words come. */
export function Loading({ children }: { readonly children: ReactNode }) {
  return (
    <Suspense
      fallback={
        <main className="min-h-0 flex-1 bg-canvas p-8">
          <Rows count={6} />
        </main>
      }
    >
      {children}
    </Suspense>
  );
}

interface CardProps {
  readonly title: string;
  readonly hint?: ReactNode;
  readonly actions?: ReactNode;
  readonly children: ReactNode;
  readonly className?: string;
  /** Tables reach to the edges of their card. */
  readonly isFlush?: boolean;
}

/** A part of a page that has a name. */
export function Card({ title, hint, actions, children, className, isFlush }: CardProps) {
  return (
    <section
      aria-label={title}
      className={cx("min-w-0 rounded-xl border border-line bg-surface", className)}
    >
      <div className="flex flex-wrap items-center gap-x-3 gap-y-1 px-5 pt-4 pb-3">
        <div className="me-auto min-w-0">
          <h2 className="font-semibold">{title}</h2>
          {hint !== undefined && <div className="text-xs text-muted">{hint}</div>}
        </div>
        {actions}
      </div>
      <div className={isFlush === true ? "pb-1" : "px-5 pb-5"}>{children}</div>
    </section>
  );
}
