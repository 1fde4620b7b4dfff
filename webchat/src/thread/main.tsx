import type { Message, VisitorClient } from "@chorus/sdk";
import type { Scene } from "../panel/scene";
import { clockTime } from "../panel/time";
import { Announcer } from "./announcer";
import { Attention } from "./attention";
import { Banner } from "./banner";
import { ring } from "./chime";
import { tellHappenings } from "./happenings";
import { MessageLog } from "./log";
import { nameOf } from "./people";
import { QueueBar } from "./queue-bar";
import { sayHeld } from "./say";
import css from "./thread.css?inline";

export { Ending } from "./ending";
export { isWaiting, nameOf, responderOf } from "./people";
export { Quote } from "./quote";
export { requestHuman, say } from "./say";

/** What is drawn once there is a conversation. */
export function Thread() {
  return (
    <>
      <Banner />
      <QueueBar />
      <MessageLog />
      <Announcer />
    </>
  );
}

/** Tell the page, the title and the ear what happens from now on; answers how to stop. */
export function attach(scene: Scene, client: VisitorClient): () => void {
  const { host } = scene;
  const attention = new Attention(scene);
  let before = scene.state;
  scene.dress(css);
  sayHeld(scene, client);
  // The first time a browser writes a time takes it long: not while a message is being drawn.
  setTimeout(() => clockTime(new Date().toISOString()));
  client.on("message", (message) => onReceived(scene, message));
  client.on("state", (state) => {
    tellHappenings(before, state, host.emit);
    before = state;
    host.onUnread(state.unread);
  });
  return () => attention.end();
}

function onReceived(scene: Scene, message: Message): void {
  const { host, state } = scene;
  const { id, content, role, userId } = message;
  const name = nameOf(state.conversation, userId, role);
  host.emit("message:received", {
    id,
    text: content,
    from: role === "customer" ? "agent" : role,
    name,
  });
  const isSeen = scene.isShown && document.visibilityState === "visible";
  if (!scene.isMuted && !isSeen) ring();
}
