import { Link, useNavigate } from "@tanstack/react-router";
import {
  Activity,
  BarChart3,
  Command,
  Contact,
  Inbox,
  Keyboard,
  type LucideIcon,
  Search,
  Settings,
  UserRound,
} from "lucide-react";
import { Availability } from "../features/availability/availability";
import { isSenior } from "../shared/domain/roles";
import { perform } from "../shared/keys/use-keys";
import { useConnection } from "../shared/live/hooks";
import { useSession } from "../shared/live/session";
import { cx } from "../shared/ui/class";
import { Logo } from "../shared/ui/logo";
import { useWords } from "../shared/words/words";

const ITEM =
  "relative flex size-10 cursor-pointer items-center justify-center rounded-lg text-muted hover:bg-hover hover:text-ink data-[status=active]:bg-accent-soft data-[status=active]:text-accent-text";

interface RailPage {
  readonly to: "/live" | "/contacts" | "/search" | "/reports" | "/settings";
  readonly word: "live" | "contacts" | "search" | "reports" | "settings";
  readonly icon: LucideIcon;
  readonly isForSeniors: boolean;
}

const PAGES: readonly RailPage[] = [
  { to: "/live", word: "live", icon: Activity, isForSeniors: true },
  { to: "/contacts", word: "contacts", icon: Contact, isForSeniors: false },
  { to: "/search", word: "search", icon: Search, isForSeniors: false },
  { to: "/reports", word: "reports", icon: BarChart3, isForSeniors: true },
  { to: "/settings", word: "settings", icon: Settings, isForSeniors: false },
];

/** The pages, and oneself. */
export function Rail({ onPalette }: { readonly onPalette: () => void }) {
  const { t } = useWords();
  const { agent } = useSession();
  const navigate = useNavigate();
  return (
    <nav
      aria-label={t("main")}
      className="flex w-14 shrink-0 flex-col items-center gap-1.5 border-e border-line bg-canvas py-3 max-[700px]:w-12"
    >
      <Logo className="mb-2 size-7 text-accent" />
      <Link to="/inbox" className={ITEM} aria-label={t("inbox")} title={t("inbox")}>
        <Inbox className="size-5" aria-hidden="true" />
      </Link>
      {PAGES.filter((page) => !page.isForSeniors || isSenior(agent.role)).map((page) => (
        <Link
          key={page.to}
          to={page.to}
          className={ITEM}
          aria-label={t(page.word)}
          title={t(page.word)}
        >
          <page.icon className="size-5" aria-hidden="true" />
        </Link>
      ))}
      <button
        type="button"
        className={ITEM}
        aria-label={t("palette")}
        title={t("palette")}
        onClick={onPalette}
      >
        <Command className="size-5" aria-hidden="true" />
      </button>
      <span className="flex-1" />
      <button
        type="button"
        className={ITEM}
        aria-label={t("cheatSheet")}
        title={t("cheatSheet")}
        onClick={() => void perform("cheatSheet")}
      >
        <Keyboard className="size-5" aria-hidden="true" />
      </button>
      <Link to="/profile" className={ITEM} aria-label={t("profile")} title={t("profile")}>
        <UserRound className="size-5" aria-hidden="true" />
      </Link>
      <ConnectionDot />
      <Availability onProfile={() => void navigate({ to: "/profile" })} />
    </nav>
  );
}

function ConnectionDot() {
  const { t } = useWords();
  const isOnline = useConnection().phase === "online";
  const name = t(isOnline ? "connected" : "notConnected");
  return (
    <span
      role="img"
      aria-label={name}
      title={name}
      className="flex h-5 items-center"
      data-connected={isOnline}
    >
      <span className={cx("size-2 rounded-full", isOnline ? "presence-online" : "bg-danger")} />
    </span>
  );
}
