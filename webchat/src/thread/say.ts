import { ChorusError } from "@chorus/sdk/errors";
import type { Attributes } from "../api";
import type { Scene } from "../panel/scene";

/** Say something, unless a listener of the page objects. */
export async function say(scene: Scene, text: string): Promise<string> {
  const answers = scene.host.emit("before:send", { text });
  if (answers.includes(false)) throw new ChorusError("REFUSED", "The page did not let it pass.");
  const told = answers.filter((it): it is Attributes => typeof it === "object" && it !== null);
  const { replyTo } = scene;
  scene.replyTo = null;
  const client = await scene.line.open();
  scene.changed();
  return client.send(text, {
    ...(replyTo === null ? {} : { reply_to: replyTo.id }),
    ...(told.length === 0 ? {} : { meta: Object.assign({}, ...told) }),
  });
}
