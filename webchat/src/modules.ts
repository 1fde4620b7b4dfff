import type * as stream from "@chorus/sdk/event-stream";
import type * as extras from "./extras/main";
import type * as line from "./line/main";
import type * as panel from "./panel/main";
import type * as thread from "./thread/main";
import type * as tools from "./tools/main";

/** The parts that are fetched when they are needed, as `vite.config.ts` builds them. */
export interface Modules {
  readonly panel: typeof panel;
  readonly line: typeof line;
  readonly thread: typeof thread;
  readonly tools: typeof tools;
  readonly stream: typeof stream;
  readonly extras: typeof extras;
}
