import type { ComponentProps } from "react";
import { cx } from "./class";

type Look = "primary" | "secondary" | "quiet" | "danger" | "note";
type Size = "small" | "medium" | "icon";

interface ButtonProps extends ComponentProps<"button"> {
  readonly look?: Look;
  readonly size?: Size;
}

const LOOKS: Record<Look, string> = {
  primary: "bg-accent text-accent-ink hover:bg-accent-strong",
  secondary: "border border-line-strong bg-surface text-ink hover:bg-hover",
  quiet: "text-muted hover:bg-hover hover:text-ink",
  danger: "text-danger hover:bg-danger-soft",
  note: "bg-note-strong text-note-strong-ink hover:brightness-95",
};
const SIZES: Record<Size, string> = {
  small: "h-7 px-2 text-xs",
  medium: "h-8 px-3 text-sm",
  icon: "size-8 justify-center",
};

export function Button({ look = "secondary", size = "medium", className, ...rest }: ButtonProps) {
  return (
    <button
      type="button"
      className={cx(
        "inline-flex shrink-0 cursor-pointer items-center gap-1.5 rounded-md font-medium whitespace-nowrap motion-safe:transition-colors",
        "disabled:cursor-not-allowed disabled:opacity-50",
        LOOKS[look],
        SIZES[size],
        className,
      )}
      {...rest}
    />
  );
}
