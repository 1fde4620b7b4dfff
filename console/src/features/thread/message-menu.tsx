import type { Message } from "@chorus/sdk";
import { Copy, Ellipsis, Eye, EyeOff, Ghost, Link2, Trash2 } from "lucide-react";
import { use } from "react";
import { useConversationActs } from "../../shared/acts/conversation-acts";
import { useSession } from "../../shared/live/session";
import { Menu, MenuItem, MenuLine } from "../../shared/ui/menu";
import { useCopy } from "../../shared/ui/use-copy";
import { useWords } from "../../shared/words/words";
import { LookingOn } from "./looking-on";

interface MessageMenuProps {
  readonly conv: string;
  readonly message: Message;
}

/** What can be done with one message: copy, link, and keep it from the customer's eyes. */
export function MessageMenu({ conv, message }: MessageMenuProps) {
  const { t } = useWords();
  const copy = useCopy();
  const isLookingOn = use(LookingOn);
  const link = `${location.origin}/console/inbox/all/${conv}?message=${message.seq}`;
  return (
    <Menu
      trigger={
        <button
          type="button"
          aria-label={t("messageMenu")}
          className="cursor-pointer rounded p-1 text-muted opacity-0 group-focus-within/message:opacity-100 group-hover/message:opacity-100 hover:bg-hover focus-visible:opacity-100 data-[state=open]:opacity-100"
        >
          <Ellipsis className="size-4" aria-hidden="true" />
        </button>
      }
    >
      <MenuItem onSelect={() => copy(message.content)}>
        <Copy className="size-4" aria-hidden="true" /> {t("copyText")}
      </MenuItem>
      <MenuItem onSelect={() => copy(link)}>
        <Link2 className="size-4" aria-hidden="true" /> {t("copyLink")}
      </MenuItem>
      {!isLookingOn && !message.deleted && (
        <>
          {message.visibility !== "agents" && <Moderation conv={conv} message={message} />}
          <Remove conv={conv} message={message} />
        </>
      )}
    </Menu>
  );
}

function Moderation({ conv, message }: MessageMenuProps) {
  const { t } = useWords();
  const acts = useConversationActs();
  if (message.visibility !== "public") {
    return (
      <>
        <MenuLine />
        <MenuItem onSelect={() => void acts.moderate(conv, message.id, "public")}>
          <Eye className="size-4" aria-hidden="true" /> {t("showMessage")}
        </MenuItem>
      </>
    );
  }
  return (
    <>
      <MenuLine />
      <MenuItem onSelect={() => void acts.moderate(conv, message.id, "hidden")}>
        <EyeOff className="size-4" aria-hidden="true" /> {t("hideMessage")}
      </MenuItem>
      {message.role === "customer" && (
        <MenuItem onSelect={() => void acts.moderate(conv, message.id, "shadowed")}>
          <Ghost className="size-4" aria-hidden="true" /> {t("shadowMessage")}
        </MenuItem>
      )}
    </>
  );
}

const SENIORS: ReadonlySet<string> = new Set(["supervisor", "admin"]);

/** One's own words; a senior also those of others. */
function Remove({ conv, message }: MessageMenuProps) {
  const { t } = useWords();
  const { agent } = useSession();
  const acts = useConversationActs();
  if (message.userId !== agent.id && !SENIORS.has(agent.role)) return null;
  return (
    <MenuItem isDangerous onSelect={() => void acts.remove(conv, message.id)}>
      <Trash2 className="size-4" aria-hidden="true" /> {t("deleteMessage")}
    </MenuItem>
  );
}
