import type { ConversationView } from "@chorus/sdk";
import { ArrowLeft, BadgeCheck, Eye, ShieldQuestion } from "lucide-react";
import { use } from "react";
import { useIsDecided } from "../../shared/acts/later";
import { ownershipOfView } from "../../shared/domain/ownership";
import { Avatar } from "../../shared/ui/avatar";
import { OwnershipBadge } from "../../shared/ui/badge";
import { Button } from "../../shared/ui/button";
import { useWords } from "../../shared/words/words";
import { HeaderActs } from "./header-acts";
import { LookingOn } from "./looking-on";
import type { ThreadPaneProps } from "./thread-pane";

export interface HeaderProps extends ThreadPaneProps {
  readonly view: ConversationView | undefined;
  readonly name: string;
  readonly names: ReadonlyMap<string, string>;
}

export function Header(props: HeaderProps) {
  const { view, conv, contact, name, onBack } = props;
  const { t } = useWords();
  const id = contact?.id ?? conv;
  const presence = view?.presence[id]?.status ?? "unknown";
  const isLookingOn = use(LookingOn);
  return (
    <header className="flex min-h-14 shrink-0 flex-wrap items-center gap-x-3 gap-y-1 border-b border-line bg-surface px-4 py-2">
      <Button
        look="quiet"
        size="icon"
        className="min-[701px]:hidden"
        aria-label={t("back")}
        onClick={onBack}
      >
        <ArrowLeft className="size-4 rtl:rotate-180" aria-hidden="true" />
      </Button>
      <Avatar id={id} name={name} presence={presence} />
      <div className="min-w-36 flex-1">
        <div className="flex items-center gap-2">
          <h2 dir="auto" className="truncate text-[15px] leading-5 font-semibold">
            {name}
          </h2>
          <Standing {...props} />
        </div>
        <p className="flex items-center gap-1.5 text-xs whitespace-nowrap text-muted">
          <span data-presence={presence}>{t(`presence-${presence}`)}</span>
          {contact !== undefined && <Verified isVerified={contact.verified} />}
          <Viewers {...props} />
        </p>
      </div>
      {view !== undefined && !isLookingOn && <HeaderActs {...props} view={view} />}
    </header>
  );
}

function Verified({ isVerified }: { readonly isVerified: boolean }) {
  const { t } = useWords();
  const Sign = isVerified ? BadgeCheck : ShieldQuestion;
  return (
    <span
      className={
        isVerified
          ? "inline-flex items-center gap-0.5 text-good"
          : "inline-flex items-center gap-0.5"
      }
    >
      <span aria-hidden="true">·</span>
      <Sign className="size-3.5" aria-hidden="true" />
      {t(isVerified ? "verified" : "unverified")}
    </span>
  );
}

/** The colleagues who look at it too. */
function Viewers({ view, names }: HeaderProps) {
  const { t } = useWords();
  const others = (view?.viewing ?? []).filter((id) => id !== view?.self);
  if (others.length === 0) return null;
  const who = others.map((id) => names.get(id) ?? t("colleague")).join(", ");
  return (
    <span className="inline-flex min-w-0 items-center gap-1 font-medium text-warn" data-viewers>
      <span aria-hidden="true">·</span>
      <Eye className="size-3.5 shrink-0" aria-hidden="true" />
      <span className="truncate">{t("alsoViewing", { who })}</span>
    </span>
  );
}

/** The one badge, and who has it. */
function Standing({ view, conv, names }: HeaderProps) {
  const { t } = useWords();
  const isDecided = useIsDecided(conv);
  if (view === undefined) return null;
  const ownership = isDecided ? "resolved" : ownershipOfView(view);
  const holder = view.session?.agent?.userId ?? view.assignee;
  const who = holder === view.self ? t("you") : names.get(holder ?? "");
  return (
    <span className="flex shrink-0 items-center gap-2 text-xs text-muted">
      <OwnershipBadge of={ownership} />
      {ownership === "agent" && who !== undefined && <span dir="auto">{who}</span>}
      {ownership === "waiting" && view.queue !== null && (
        <span dir="auto" className="@max-[50rem]:hidden">
          {view.queue}
        </span>
      )}
    </span>
  );
}
