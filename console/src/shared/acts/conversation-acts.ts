import {
  type AgentClient,
  asChorusError,
  type ChorusError,
  type ConversationView,
} from "@chorus/sdk";
import { uuid7 } from "@chorus/sdk/uuid7";
import type { Visibility } from "@chorus/sdk/wire.gen";
import { useMemo } from "react";
import { ownershipOfView } from "../domain/ownership";
import { useSession } from "../live/session";
import { showToast } from "../ui/toasts";
import { useWords } from "../words/words";
import { doLater, finishAll } from "./later";
import { mark } from "./marked";
import { wantToWrite } from "./to-write";

export interface Target {
  readonly agent?: string;
  readonly queue?: string;
  readonly team?: string;
}

export interface Transfer {
  readonly to: Target | "bot";
  readonly mode: "blind" | "warm";
  readonly note?: string;
}

export interface ConversationActs {
  claim(conv: string): Promise<boolean>;
  /** Claim what nobody has; what a colleague has, a senior takes from them. */
  takeOver(view: ConversationView): Promise<boolean>;
  resolve(conv: string): void;
  reopen(conv: string): Promise<boolean>;
  snooze(conv: string, untilMs: number): Promise<boolean>;
  transfer(conv: string, wish: Transfer): Promise<boolean>;
  returnToBot(conv: string, note?: string): Promise<boolean>;
  update(conv: string, change: Properties): Promise<boolean>;
  markUnread(conv: string): Promise<boolean>;
  moderate(conv: string, target: string, visibility: Visibility): Promise<boolean>;
  remove(conv: string, target: string): Promise<boolean>;
  runMacro(conv: string, macro: string): Promise<boolean>;
}

/** What is changed of a conversation; what is left out stays. */
export interface Properties {
  readonly priority?: number;
  readonly add_tags?: readonly string[];
  readonly remove_tags?: readonly string[];
}

/** What can be done with a conversation. A refusal is told in words; nothing throws. */
export function useConversationActs(): ConversationActs {
  const { client, agent } = useSession();
  const { t } = useWords();
  return useMemo(() => {
    const act = (conv: string, ...command: CommandOf) =>
      client.command(conv, ...command).then(
        () => true,
        (cause: unknown) => refused(asChorusError(cause)),
      );
    const take = async (conv: string, ...command: CommandOf) => {
      const done = await act(conv, ...command);
      if (done) wantToWrite(conv);
      return done;
    };
    return {
      claim: (conv) => take(conv, "claim"),
      takeOver: (view) =>
        ownershipOfView(view) === "agent"
          ? take(view.id, "assign", { to: agent.id })
          : take(view.id, "claim"),
      reopen: (conv) => act(conv, "reopen"),
      resolve: (conv) => {
        const body = { event: "resolve", data: { id: uuid7() } };
        const path = `/livechat/conversations/${conv}/commands`;
        const undo = doLater({
          conv,
          run: () => void act(conv, "resolve"),
          runLeaving: () => void client.request(path, { method: "POST", body, keepalive: true }),
        });
        showToast({ text: t("resolving"), action: { label: t("undo"), run: undo } });
      },
      snooze: async (conv, untilMs) => {
        const done = await act(conv, "snooze", { until: new Date(untilMs).toISOString() });
        const undo = () => void act(conv, "reopen");
        if (done) showToast({ text: t("snoozedNow"), action: { label: t("undo"), run: undo } });
        return done;
      },
      transfer: (conv, wish) => act(conv, "transfer", { ...wish }),
      returnToBot: (conv, note) =>
        act(conv, "return_to_bot", note === undefined || note === "" ? {} : { note }),
      update: (conv, change) => act(conv, "update", { ...change }),
      markUnread: async (conv) => {
        mark(conv);
        return act(conv, "mark", { unread: true });
      },
      moderate: (conv, target, visibility) => act(conv, "moderate", { target, visibility }),
      remove: (conv, target) => act(conv, "delete", { target }),
      runMacro: (conv, macro) => {
        const path = `/livechat/conversations/${conv}/macros/${macro}`;
        const body = { id: uuid7() };
        return client.request(path, { method: "POST", body }).then(
          () => true,
          (cause: unknown) => refused(asChorusError(cause)),
        );
      },
    };
  }, [client, agent.id, t]);
}

type CommandOf = [Parameters<AgentClient["command"]>[1], Record<string, unknown>?];

/** The reason as the server says it: it names who was faster, or what is not possible. */
function refused({ message }: ChorusError): false {
  showToast({ text: message, tone: "problem" });
  return false;
}

/** A page that goes away does at once what waits for its five seconds. */
export function finishOnLeave(): () => void {
  window.addEventListener("pagehide", finishAll);
  return () => window.removeEventListener("pagehide", finishAll);
}
