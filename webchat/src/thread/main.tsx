import type { Message, VisitorClient } from "@chorus/sdk";
import type { Scene } from "../panel/scene";
import { useScene } from "../panel/use-scene";
import { Announcer } from "./announcer";
import { Attention } from "./attention";
import { Banner } from "./banner";
import { type Scenery, tellHappenings } from "./happenings";
import { isReading, MessageLog } from "./log";
import { forgetNames, learnNames } from "./names";
import { agentOf, nameOf } from "./people";
import { sayHeld } from "./say";
import css from "./thread.css?inline";

export { Ending } from "./ending";
export { isWaiting, nameOf, responderOf } from "./people";
export { Quote } from "./quote";
export { say } from "./say";

/**
 * The first use of Intl, whichever, takes it ten milliseconds: not while a message is drawn, and a
 * part of them in each task. Each of these makes the next one cheaper.
 */
const FIRST_USES = [
  () => new Intl.Locale("en").maximize(),
  () => Intl.NumberFormat.supportedLocalesOf("en"),
  () => Intl.DateTimeFormat.supportedLocalesOf("en"),
];

/** What is drawn once there is a conversation. */
export function Thread() {
  const { state, tools } = useScene();
  return (
    <>
      <Banner />
      {tools !== undefined && <tools.QueueBar />}
      <MessageLog />
      <Announcer key={state.conversation?.id} />
    </>
  );
}

/** Tell the page, the title and the ear what happens from now on; answers how to stop. */
export function attach(scene: Scene, client: VisitorClient): () => void {
  const { host } = scene;
  const attention = new Attention(scene);
  let before: Scenery = scene.state;
  const tell = () => {
    const after = sceneryOf(scene);
    tellHappenings(before, after, host.emit);
    before = after;
    host.onUnread(after.unread);
  };
  scene.dress(css);
  forgetNames(scene);
  sayHeld(scene, client);
  for (const use of FIRST_USES) setTimeout(use);
  client.on("message", (message) => onReceived(scene, message));
  client.on("state", ({ conversation }) => {
    tell();
    if (conversation === null) return;
    learnNames(host, conversation).then((isNews) => {
      if (!isNews) return;
      tell();
      scene.changed();
    }, host.onError);
  });
  return () => attention.end();
}

/** What the page may hear: what is read as it comes was never unread, and names come first. */
function sceneryOf({ state }: Scene): Scenery {
  const agent = agentOf(state.conversation);
  return {
    ...state,
    unread: isReading() ? 0 : state.unread,
    agent: agent?.name == null ? undefined : agent,
  };
}

function onReceived(scene: Scene, message: Message): void {
  const { host, state } = scene;
  const { id, content, role, userId, files = [] } = message;
  const name = nameOf(state.conversation, userId, role);
  host.emit("message:received", {
    id,
    text: content,
    from: role === "customer" ? "agent" : role,
    name,
    files,
  });
  const isSeen = scene.isShown && document.visibilityState === "visible";
  if (scene.isMuted || isSeen) return;
  host.load("extras").then(({ ring }) => ring(), host.onError);
}
