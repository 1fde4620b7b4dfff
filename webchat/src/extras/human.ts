import { known } from "../panel/known";
import type { Scene } from "../panel/scene";

/** Ask for a person. */
export async function requestHuman(scene: Scene, reason?: string): Promise<void> {
  const client = await scene.line.open();
  await client.command("escalate", known({ reason, queue: scene.queue }));
}
