import type { PresenceStatus } from "@chorus/sdk/wire.gen";
import { hueOf, initials } from "../domain/people";
import { cx } from "./class";

interface AvatarProps {
  readonly id: string;
  readonly name: string;
  readonly size?: "tiny" | "small" | "medium";
  readonly presence?: PresenceStatus | undefined;
}

const SIZES = { tiny: "size-5 text-[9px]", small: "size-7 text-[11px]", medium: "size-9 text-xs" };

/** Initials on a colour of their own; the words beside it say who it is. */
export function Avatar({ id, name, size = "medium", presence }: AvatarProps) {
  return (
    <span
      aria-hidden="true"
      className={cx(
        "relative inline-flex shrink-0 items-center justify-center rounded-full font-semibold select-none",
        `hue-${hueOf(id)}`,
        SIZES[size],
      )}
    >
      {initials(name)}
      {presence !== undefined && (
        <span
          className={cx(
            "absolute -end-0.5 -bottom-0.5 size-2.5 rounded-full border-2 border-surface",
            `presence-${presence}`,
          )}
        />
      )}
    </span>
  );
}
