import type { Change, ConversationView } from "@chorus/sdk";
import { useEffect, useState } from "preact/hooks";
import type { Scene } from "../panel/scene";
import { useScene } from "../panel/use-scene";
import { type Key, t } from "../panel/words";

/** Who got no answer for so long may want somebody to look. */
const PATIENCE_MS = 20_000;
const LATER: Readonly<Record<string, Key>> = {
  wait: "goOnWaiting",
  message: "leaveMessage",
  callback: "callBack",
  bot: "backToBot",
};

/** Places of the questions that were answered here. */
const answered = new Set<string>();

/** What the visitor is most likely to want now, as buttons. */
export function Shortcuts() {
  const scene = useScene();
  const { conversation } = scene.state;
  const unansweredMs = useUnanswered(conversation);
  if (conversation === null || scene.menu) return null;
  const question = questionOf(conversation);
  if (question !== undefined) return <Choices scene={scene} question={question} />;
  const hasBot = conversation.floor?.holder === "bot";
  const isAlone = hasBot || unansweredMs;
  if (!isAlone || hasPerson(scene) || scene.settings.features?.human === false) return null;
  const ask = () => {
    const { load, onError } = scene.host;
    load("extras")
      .then(({ requestHuman }) => requestHuman(scene))
      .catch(onError);
  };
  return (
    <p class="shortcuts">
      <button type="button" onClick={ask}>
        {t("human")}
      </button>
    </p>
  );
}

interface Question {
  readonly id: string;
  readonly options: readonly string[];
}

function Choices({ scene, question }: { readonly scene: Scene; readonly question: Question }) {
  const choose = (option: string) => {
    answered.add(question.id);
    scene.changed();
    take(scene, option).catch((cause: unknown) => {
      answered.delete(question.id);
      scene.changed();
      scene.host.onError(cause);
    });
  };
  return (
    <fieldset class="shortcuts" aria-label={t("choices")}>
      {question.options.map((option) => {
        const word = LATER[option];
        return (
          word !== undefined && (
            <button key={option} type="button" onClick={() => choose(option)}>
              {t(word)}
            </button>
          )
        );
      })}
    </fieldset>
  );
}

async function take({ line }: Scene, option: string): Promise<void> {
  const client = await line.open();
  if (option === "bot") await client.command("cancel");
  else await client.leaveContact({ choice: option as "wait" });
}

/** What somebody who has waited long was asked, as long as they wait and have not answered. */
function questionOf({ items, session }: ConversationView): Question | undefined {
  if (session?.state !== "queued") return undefined;
  const last = items.findLast(
    (it): it is Change => it.kind === "change" && it.frame.event === "handoff",
  );
  if (last?.frame.event !== "handoff" || last.frame.data.reason !== "waited_long") return undefined;
  const id = `${session.id}-${last.seq}`;
  const { options } = last.frame.data;
  return options === undefined || answered.has(id) ? undefined : { id, options };
}

function hasPerson({ state: { conversation }, thread }: Scene): boolean {
  if (conversation === null || thread === undefined) return true;
  const state = conversation.session?.state;
  return thread.isWaiting(conversation) || state === "active" || state === "deferred";
}

/** Whether the last word was the visitor's, and nobody says anything to it. */
function useUnanswered(conversation: ConversationView | null): boolean {
  const last = conversation?.items.findLast((it) => it.kind === "message");
  const isOwn = last?.kind === "message" && last.userId === conversation?.self;
  const saidMs = isOwn ? Date.parse(last.ts) : undefined;
  const [lateFor, keep] = useState<number | undefined>();
  useEffect(() => {
    if (saidMs === undefined) return;
    const leftMs = Math.max(0, Math.min(PATIENCE_MS, saidMs + PATIENCE_MS - Date.now()));
    const timer = setTimeout(() => keep(saidMs), leftMs);
    return () => clearTimeout(timer);
  }, [saidMs]);
  return saidMs !== undefined && lateFor === saidMs;
}
