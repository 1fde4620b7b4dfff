import type { ConversationView } from "@chorus/sdk";
import {
  ArrowRightLeft,
  Bot,
  Check,
  Clock,
  Ellipsis,
  Hand,
  type LucideIcon,
  MailOpen,
  RotateCcw,
  Wand,
} from "lucide-react";
import { type ComponentProps, useState } from "react";
import { useConversationActs } from "../../shared/acts/conversation-acts";
import { useIsDecided } from "../../shared/acts/later";
import { useMacros } from "../../shared/api/desk";
import { ownershipOfView } from "../../shared/domain/ownership";
import { useActions } from "../../shared/keys/use-keys";
import { Button } from "../../shared/ui/button";
import { Menu, MenuItem, MenuLabel, MenuLine } from "../../shared/ui/menu";
import { dateTime } from "../../shared/words/time";
import { useWords } from "../../shared/words/words";
import type { HeaderProps } from "./header";
import { snoozeChoices } from "./snooze";

type ActsProps = HeaderProps & { readonly view: ConversationView };

/** What can be done with it as it stands: nothing is offered that would be refused. */
export function HeaderActs(props: ActsProps) {
  const { view, conv, onTransfer, onResolved } = props;
  const { t } = useWords();
  const acts = useConversationActs();
  const isDecided = useIsDecided(conv);
  const ownership = ownershipOfView(view);
  const isTakeable = ownership === "waiting" || ownership === "bot" || ownership === "open";
  const isOver = ownership === "resolved" || isDecided;
  const resolve = () => acts.resolve(conv);
  const markUnread = () => {
    void acts.markUnread(conv);
    props.onBack();
  };
  useActions({
    unread: markUnread,
    ...(isTakeable ? { take: () => void acts.claim(conv) } : {}),
    ...(isOver
      ? {}
      : {
          resolve,
          resolveNext: () => both(resolve, onResolved),
          transfer: () => onTransfer("colleague"),
        }),
  });
  if (isDecided) return null;
  if (isOver) {
    return (
      <Button onClick={() => void acts.reopen(conv)}>
        <RotateCcw className="size-4" aria-hidden="true" /> {t("reopen")}
      </Button>
    );
  }
  return (
    <div className="flex items-center gap-1.5">
      {isTakeable && (
        <Button look="primary" onClick={() => void acts.claim(conv)}>
          <Hand className="size-4" aria-hidden="true" />{" "}
          {t(ownership === "bot" ? "takeOver" : "take")}
        </Button>
      )}
      <Labelled
        sign={ArrowRightLeft}
        label={t("transfer")}
        onClick={() => onTransfer("colleague")}
      />
      {ownership === "snoozed" ? (
        <Labelled sign={Clock} label={t("wake")} onClick={() => void acts.reopen(conv)} />
      ) : (
        <Snooze conv={conv} />
      )}
      <Labelled sign={Check} label={t("resolve")} onClick={resolve} />
      <More
        conv={conv}
        onUnread={markUnread}
        onBot={ownership === "bot" ? undefined : () => onTransfer("bot")}
      />
    </div>
  );
}

function both(first: () => void, second: () => void): void {
  first();
  second();
}

interface LabelledProps extends ComponentProps<"button"> {
  readonly sign: LucideIcon;
  readonly label: string;
}

/** A button whose word makes room for the customer's name where the thread is narrow. */
function Labelled({ sign: Sign, label, ...rest }: LabelledProps) {
  return (
    <Button title={label} {...rest}>
      <Sign className="size-4" aria-hidden="true" />
      <span className="@max-[41rem]:sr-only">{label}</span>
    </Button>
  );
}

function Snooze({ conv }: { readonly conv: string }) {
  const words = useWords();
  const acts = useConversationActs();
  const [choices, setChoices] = useState(() => snoozeChoices(new Date()));
  useActions({ snooze: () => document.querySelector<HTMLElement>("[data-snooze]")?.click() });
  return (
    <Menu
      trigger={
        <Labelled
          sign={Clock}
          label={words.t("snooze")}
          data-snooze
          onPointerDown={() => setChoices(snoozeChoices(new Date()))}
        />
      }
    >
      <MenuLabel>{words.t("snoozeUntil")}</MenuLabel>
      {choices.map(({ key, atMs }) => (
        <MenuItem
          key={key}
          onSelect={() => void acts.snooze(conv, atMs)}
          end={
            <span className="ps-6 text-xs text-muted">
              {dateTime(new Date(atMs).toISOString(), words)}
            </span>
          }
        >
          {words.t(`snooze-${key}`)}
        </MenuItem>
      ))}
    </Menu>
  );
}

interface MoreProps {
  readonly conv: string;
  readonly onUnread: () => void;
  readonly onBot: (() => void) | undefined;
}

function More({ conv, onUnread, onBot }: MoreProps) {
  const { t } = useWords();
  const acts = useConversationActs();
  const macros = useMacros().data ?? [];
  return (
    <Menu
      trigger={
        <Button look="quiet" size="icon" aria-label={t("more")}>
          <Ellipsis className="size-4" aria-hidden="true" />
        </Button>
      }
    >
      {onBot !== undefined && (
        <MenuItem onSelect={onBot}>
          <Bot className="size-4" aria-hidden="true" /> {t("returnToBot")}
        </MenuItem>
      )}
      <MenuItem onSelect={onUnread}>
        <MailOpen className="size-4" aria-hidden="true" /> {t("key-unread")}
      </MenuItem>
      {macros.length > 0 && (
        <>
          <MenuLine />
          <MenuLabel>{t("macros")}</MenuLabel>
          {macros.map(({ id, name }) => (
            <MenuItem key={id} onSelect={() => void acts.runMacro(conv, id)}>
              <Wand className="size-4" aria-hidden="true" /> <span dir="auto">{name}</span>
            </MenuItem>
          ))}
        </>
      )}
    </Menu>
  );
}
