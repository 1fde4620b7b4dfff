interface TileProps {
  readonly name: string;
  readonly value: string;
  readonly note?: string;
  readonly isBad?: boolean;
}

/** One figure that can be read from across the room. */
export function Tile({ name, value, note, isBad = false }: TileProps) {
  return (
    <li className="flex flex-col gap-0.5 rounded-xl border border-line bg-surface px-5 py-4">
      <span className="text-xs font-medium text-muted">{name}</span>
      <span
        className={`text-3xl font-semibold tracking-tight tabular-nums ${isBad ? "text-danger" : ""}`}
      >
        {value}
      </span>
      {note !== undefined && (
        <span className={`text-xs ${isBad ? "text-danger" : "text-muted"}`}>{note}</span>
      )}
    </li>
  );
}
