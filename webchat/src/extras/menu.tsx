import { useEffect, useRef } from "preact/hooks";
import type { Scene } from "../panel/scene";
import { useScene } from "../panel/use-scene";
import { t } from "../panel/words";
import { useDress } from "./dress";
import { requestHuman } from "./human";
import { canPopOut, popOut } from "./popout";

const REVOKE_AFTER_MS = 10_000;

/** What is not needed all the time: a group of plain buttons. */
export function Menu({ onDone }: { readonly onDone: () => void }) {
  useDress();
  const scene = useScene();
  const box = useRef<HTMLFieldSetElement>(null);
  useEffect(() => box.current?.querySelector("button")?.focus(), []);
  const { state, settings, host } = scene;
  const { conversation } = state;
  const features = settings.features ?? {};
  const isOpen = conversation?.status !== "closed";
  const canAsk = isOpen && scene.gate === null && !hasPerson(scene);
  const act = (work: () => Promise<void> | void) => () => {
    onDone();
    Promise.resolve(work()).catch(host.onError);
  };
  return (
    <fieldset ref={box} class="menu" aria-label={t("menu")}>
      {canAsk && features.human !== false && (
        <button type="button" onClick={act(() => requestHuman(scene))}>
          {t("human")}
        </button>
      )}
      {conversation !== null && features.transcript !== false && (
        <button type="button" onClick={act(() => download(scene))}>
          {t("transcript")}
        </button>
      )}
      {features.popout !== false && canPopOut(scene) && (
        <button type="button" onClick={act(async () => void (await popOut(scene)))}>
          {t("popout")}
        </button>
      )}
      {features.sound !== false && (
        <button type="button" onClick={act(() => toggleSound(scene))}>
          {t(scene.isMuted ? "unmute" : "mute")}
        </button>
      )}
    </fieldset>
  );
}

function hasPerson({ state: { conversation }, thread }: Scene): boolean {
  if (conversation === null) return false;
  return thread?.isWaiting(conversation) || conversation.session?.state === "active";
}

function toggleSound(scene: Scene): void {
  scene.choices.set("mute", scene.isMuted ? "0" : "1");
  scene.changed();
}

/** The whole chat as a text file, made here: nothing leaves the browser for it. */
async function download(scene: Scene): Promise<void> {
  while (scene.state.conversation?.complete === false) {
    const { oldest } = scene.state.conversation;
    await scene.line.client?.loadOlder();
    await settled(scene, oldest);
  }
  const text = transcriptOf(scene);
  const url = URL.createObjectURL(new Blob([text], { type: "text/plain;charset=utf-8" }));
  const link = document.createElement("a");
  link.href = url;
  link.download = `chat-${new Date().toISOString().slice(0, 10)}.txt`;
  link.click();
  setTimeout(() => URL.revokeObjectURL(url), REVOKE_AFTER_MS);
}

/** Wait until an older page is drawn. */
function settled(scene: Scene, oldest: number): Promise<void> {
  if (scene.state.conversation?.oldest !== oldest) return Promise.resolve();
  return new Promise((resolve) => {
    const forget = scene.on(() => {
      const { conversation } = scene.state;
      if (conversation?.oldest === oldest && !conversation.complete) return;
      forget();
      resolve();
    });
  });
}

function transcriptOf({ state: { conversation }, thread }: Scene): string {
  const lines = conversation?.items.flatMap((item) => {
    if (item.kind !== "message" || item.hidden) return [];
    const own = item.userId === null ? item.role === "customer" : item.userId === conversation.self;
    const name = own ? t("you") : thread?.nameOf(conversation, item.userId, item.role);
    const files = item.files?.map((file) => `[${file.name}]`) ?? [];
    const text = item.deleted ? t("deleted") : [item.content, ...files].join(" ");
    return [`[${new Date(item.ts).toLocaleString()}] ${name}: ${text}`];
  });
  return `${(lines ?? []).join("\n")}\n`;
}
