export const ICONS = {
  close: "M6 6l12 12M18 6L6 18",
  send: "M4 12l16-8-6 16-3-7-7-1z",
  more: "M5 12h.1M12 12h.1M19 12h.1",
} as const;

interface IconProps {
  readonly path: string;
  readonly size?: number;
  /** Mirrored where one reads from right to left. */
  readonly turns?: boolean;
}

/** Decoration only: the word beside it says what it means. */
export function Icon({ path, size = 20, turns = false }: IconProps) {
  return (
    <svg
      width={size}
      height={size}
      viewBox="0 0 24 24"
      aria-hidden="true"
      class={turns ? "stroke turns" : "stroke"}
    >
      <path d={path} />
    </svg>
  );
}
