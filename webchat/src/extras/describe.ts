import type { Traits } from "@chorus/sdk";
import type { Line } from "../panel/line";

/** Remember what is new of the visitor, and tell it where they are known already. */
export async function describe(line: Line, traits: Traits): Promise<void> {
  const attributes = { ...line.traits.attributes, ...traits.attributes };
  line.traits = { ...line.traits, ...traits, attributes };
  await line.client?.describe(line.traits);
}
