import type { Urgency } from "./board";

interface TileProps {
  readonly name: string;
  readonly value: string;
  readonly note?: string;
  readonly urgency?: Urgency;
}

const TONES: Record<Urgency, string> = {
  calm: "text-ink",
  soon: "text-warn",
  late: "text-danger",
};

/** One figure that can be read from across the room. */
export function Tile({ name, value, note, urgency = "calm" }: TileProps) {
  return (
    <li className="flex flex-col gap-0.5 rounded-xl border border-line bg-surface px-5 py-4">
      <span className="text-xs font-medium text-muted">{name}</span>
      <span
        className={`text-3xl font-semibold tracking-tight tabular-nums ${TONES[urgency]}`}
        data-urgency={urgency}
      >
        {value}
      </span>
      {note !== undefined && <span className="text-xs text-muted">{note}</span>}
    </li>
  );
}
