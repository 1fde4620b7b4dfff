import { count } from "../../shared/words/figures";
import { useScreenWords } from "../../shared/words/screen-words";

const DAYS = ["mon", "tue", "wed", "thu", "fri", "sat", "sun"] as const;
const HOURS = Array.from({ length: 24 }, (_, hour) => hour);

/** When customers write: a table whose cells are the darker the more they did. */
export function HeatMap({ hours }: { readonly hours: readonly (readonly number[])[] }) {
  const words = useScreenWords();
  const { t } = words;
  const most = Math.max(1, ...hours.flat());
  return (
    <table
      className="w-full table-fixed border-separate border-spacing-0.5 text-[11px]"
      aria-label={t("busyHours")}
    >
      <thead>
        <tr className="text-muted">
          <td className="w-8" />
          {HOURS.map((hour) => (
            <th key={hour} scope="col" className="font-normal tabular-nums">
              <span className={hour % 3 === 0 ? "" : "sr-only"}>{hour}</span>
            </th>
          ))}
        </tr>
      </thead>
      <tbody>
        {DAYS.map((day, at) => (
          <tr key={day}>
            <th scope="row" className="text-start font-normal text-muted">
              {t(`dayShort-${day}`)}
            </th>
            {HOURS.map((hour) => (
              <Heat key={hour} value={hours[at]?.[hour] ?? 0} most={most} />
            ))}
          </tr>
        ))}
      </tbody>
    </table>
  );
}

interface HeatProps {
  readonly value: number;
  readonly most: number;
}

function Heat({ value, most }: HeatProps) {
  const words = useScreenWords();
  const opacity = value === 0 ? 0 : 0.15 + 0.85 * (value / most);
  return (
    <td className="relative h-6 rounded-sm bg-sunken p-0" title={count(value, words)}>
      <span
        className="absolute inset-0 rounded-sm bg-accent"
        style={{ opacity }}
        aria-hidden="true"
      />
      <span className="sr-only">{count(value, words)}</span>
    </td>
  );
}
