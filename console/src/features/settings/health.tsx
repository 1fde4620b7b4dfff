import { useQuery } from "@tanstack/react-query";
import { CircleAlert, CircleCheck, CircleX, RefreshCw } from "lucide-react";
import { useSession } from "../../shared/live/session";
import { Button } from "../../shared/ui/button";
import { Card } from "../../shared/ui/page";
import { Answer } from "../../shared/ui/states";
import { useScreenWords } from "../../shared/words/screen-words";
import { dateTime } from "../../shared/words/time";
import { Head } from "./parts";

type State = "ok" | "warning" | "broken";

interface Health {
  readonly at: string;
  readonly version: string;
  readonly state: State;
  readonly checks: readonly Check[];
}

interface Check {
  readonly name: string;
  readonly state: State;
  readonly says: string;
  /** What mends it. */
  readonly fix: string | null;
}

const EVERY_MS = 30_000;
const LOOKS = {
  ok: { sign: CircleCheck, tone: "text-good" },
  warning: { sign: CircleAlert, tone: "text-warn" },
  broken: { sign: CircleX, tone: "text-danger" },
} as const;
const RANK: Record<State, number> = { broken: 0, warning: 1, ok: 2 };

/** What the installation knows of itself: every part, how it is, and what would mend it. */
export function HealthSection() {
  const words = useScreenWords();
  const { t } = words;
  const { client } = useSession();
  const health = useQuery({
    queryKey: ["health"],
    queryFn: () => client.request<Health>("/admin/health"),
    refetchInterval: EVERY_MS,
  });
  return (
    <>
      <Head
        title={t("health")}
        hint={t("healthHint")}
        actions={
          <Button disabled={health.isFetching} onClick={() => void health.refetch()}>
            <RefreshCw className="size-4" aria-hidden="true" /> {t("lookAgain")}
          </Button>
        }
      />
      <Answer of={health}>
        {(found) => (
          <>
            <Whole health={found} />
            <Card
              title={t("checks")}
              hint={t("checkedAt", {
                time: dateTime(found.at, words),
                version: found.version,
              })}
              isFlush
            >
              <ul>
                {[...found.checks]
                  .sort((a, b) => RANK[a.state] - RANK[b.state])
                  .map((check) => (
                    <Line key={check.name} check={check} />
                  ))}
              </ul>
            </Card>
          </>
        )}
      </Answer>
    </>
  );
}

function Whole({ health }: { readonly health: Health }) {
  const { t } = useScreenWords();
  const { sign: Sign, tone } = LOOKS[health.state];
  const bad = health.checks.filter(({ state }) => state !== "ok").length;
  return (
    <p
      className={`flex items-center gap-3 rounded-xl border border-line bg-surface px-5 py-4 text-base font-semibold ${tone}`}
      data-health={health.state}
    >
      <Sign className="size-6 shrink-0" aria-hidden="true" />
      {health.state === "ok" ? t("allIsWell") : t("needsCare", { count: bad })}
    </p>
  );
}

function Line({ check }: { readonly check: Check }) {
  const { t } = useScreenWords();
  const { sign: Sign, tone } = LOOKS[check.state];
  return (
    <li className="flex items-start gap-3 border-b border-line px-5 py-3 text-sm last:border-0">
      <Sign
        className={`mt-0.5 size-4 shrink-0 ${tone}`}
        role="img"
        aria-label={t(`state-${check.state}`)}
      />
      <span className="w-40 shrink-0 font-medium">{check.name}</span>
      <span className="min-w-0 flex-1">
        <span className="block wrap-anywhere">{check.says}</span>
        {check.fix !== null && check.fix !== "" && (
          <span className="block text-xs text-muted wrap-anywhere">
            {t("fix", { what: check.fix })}
          </span>
        )}
      </span>
    </li>
  );
}
