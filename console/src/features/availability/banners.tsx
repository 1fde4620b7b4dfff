import { TriangleAlert, WifiOff } from "lucide-react";
import { type ReactNode, useEffect, useState } from "react";
import { useConnection, useIsPersistent, useNow } from "../../shared/live/hooks";
import { useSession } from "../../shared/live/session";
import { cx } from "../../shared/ui/class";
import { useWords } from "../../shared/words/words";
import { useChoose, useStanding } from "./availability";

const PATIENCE_MS = 1_200;

/** What stands in the way of work, at the top of everything. */
export function Banners() {
  const connection = useConnection();
  const isPersistent = useIsPersistent();
  const { t } = useWords();
  if (connection.phase === "waiting") return <Waiting retryAtMs={connection.retryAtMs} />;
  if (connection.phase === "stopped")
    return <Stopped reason={connection.reason} code={connection.code} />;
  if (connection.phase === "connecting") return <Connecting />;
  if (connection.phase === "online" && !isPersistent) return <Banner>{t("notKept")}</Banner>;
  return connection.phase === "online" ? <Unavailable /> : null;
}

interface BannerProps {
  readonly children: ReactNode;
  readonly tone?: "plain" | "warn" | "bad";
  readonly name?: string;
  readonly action?: { readonly label: string; readonly run: () => void };
}

const TONES = {
  plain: "bg-sunken text-ink",
  warn: "bg-warn-soft text-warn",
  bad: "bg-danger-soft text-danger",
};

function Banner({ children, tone = "plain", name, action }: BannerProps) {
  return (
    <div
      role={tone === "plain" ? "status" : "alert"}
      data-banner={name}
      className={cx(
        "flex shrink-0 items-center justify-center gap-3 border-b border-line px-4 py-2 text-[13px] font-medium",
        TONES[tone],
      )}
    >
      {children}
      {action !== undefined && (
        <button
          type="button"
          className="cursor-pointer font-semibold underline"
          onClick={action.run}
        >
          {action.label}
        </button>
      )}
    </div>
  );
}

function Waiting({ retryAtMs }: { readonly retryAtMs: number }) {
  const { t } = useWords();
  const { client } = useSession();
  const seconds = Math.ceil((retryAtMs - useNow(1_000)) / 1_000);
  const action = { label: t("retryNow"), run: () => client.reconnect() };
  return (
    <Banner tone="warn" name="waiting" action={action}>
      <WifiOff className="size-4" aria-hidden="true" />
      {t("offline")} {seconds > 0 ? t("retryIn", { count: seconds }) : t("retrying")}
    </Banner>
  );
}

interface StoppedProps {
  readonly reason: string;
  readonly code: number;
}

const SIGN_IN_CODES: ReadonlySet<number> = new Set([4300, 4301]);

function Stopped({ reason, code }: StoppedProps) {
  const { t } = useWords();
  const { client, signInAgain } = useSession();
  const isOver = SIGN_IN_CODES.has(code);
  const action = isOver
    ? { label: t("signInAgain"), run: signInAgain }
    : { label: t("connectAgain"), run: () => client.reconnect() };
  return (
    <Banner tone="bad" name="stopped" action={action}>
      <TriangleAlert className="size-4" aria-hidden="true" />
      {isOver
        ? t("sessionOver")
        : t("connectionEnded", { why: reason === "" ? String(code) : reason })}
    </Banner>
  );
}

function Connecting() {
  const { t } = useWords();
  const [isLong, setIsLong] = useState(false);
  useEffect(() => {
    const timer = setTimeout(() => setIsLong(true), PATIENCE_MS);
    return () => clearTimeout(timer);
  }, []);
  return isLong ? <Banner>{t("connecting")}</Banner> : null;
}

/** Nothing is offered to who is not seen as there: that must not go unnoticed. */
function Unavailable() {
  const { t } = useWords();
  const choose = useChoose();
  const { trouble } = useStanding();
  if (trouble === null) return null;
  const action = { label: t("goOnline"), run: () => void choose("online") };
  return (
    <Banner tone="warn" name="unavailable" action={action}>
      <TriangleAlert className="size-4" aria-hidden="true" />
      {t(`trouble-${trouble}`)}
    </Banner>
  );
}
