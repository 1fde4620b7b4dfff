// One part for what stands around a conversation: how to say more than words, and how to wait.
export { Above } from "./above";
export { Buttons } from "./buttons";
export { Face } from "./face";
export { Files } from "./files";
export { QueueBar } from "./queue-bar";
