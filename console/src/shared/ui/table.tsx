import type { ReactNode } from "react";
import { cx } from "./class";

interface TableProps {
  /** For those who hear the page. */
  readonly label: string;
  readonly head: readonly ReactNode[];
  /** Columns from this one on hold figures and stand at the end of their line. */
  readonly figuresFrom?: number;
  readonly children: ReactNode;
}

/** A table that scrolls sideways by itself where a window is narrow. */
export function Table({
  label,
  head,
  figuresFrom = Number.POSITIVE_INFINITY,
  children,
}: TableProps) {
  return (
    // biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls must be reached by keyboard.
    <div className="overflow-x-auto" tabIndex={0}>
      <table className="w-full text-sm" aria-label={label}>
        <thead>
          <tr className="border-b border-line text-xs text-muted">
            {head.map((cell, at) => (
              <th
                // biome-ignore lint/suspicious/noArrayIndexKey: columns stay where they are.
                key={at}
                scope="col"
                className={cx(
                  "px-3 py-2 font-medium whitespace-nowrap first:ps-5 last:pe-5",
                  at >= figuresFrom ? "text-end" : "text-start",
                )}
              >
                {cell}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>{children}</tbody>
      </table>
    </div>
  );
}

interface CellProps {
  readonly children?: ReactNode;
  readonly isFigure?: boolean;
  readonly isHead?: boolean;
  readonly className?: string;
  readonly title?: string;
}

export function Row({ children, ...rest }: { readonly children: ReactNode }) {
  return (
    <tr className="border-b border-line last:border-0 hover:bg-hover" {...rest}>
      {children}
    </tr>
  );
}

export function Cell({ children, isFigure, isHead, className, title }: CellProps) {
  const name = cx(
    "px-3 py-2 align-middle first:ps-5 last:pe-5",
    isFigure === true ? "text-end tabular-nums whitespace-nowrap" : "text-start",
    className,
  );
  if (isHead !== true) {
    return (
      <td className={name} title={title}>
        {children}
      </td>
    );
  }
  return (
    <th scope="row" className={cx("font-medium", name)}>
      {children}
    </th>
  );
}
