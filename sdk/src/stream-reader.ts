/** One block of an event stream; a comment has neither name nor data. */
export interface StreamEvent {
  readonly name: string;
  readonly data: string;
}

/** Read the blocks of `text/event-stream` as they come, comments included: they are signs of life. */
export async function* readEvents(
  body: ReadableStream<Uint8Array<ArrayBuffer>>,
): AsyncGenerator<StreamEvent> {
  const reader = body.pipeThrough(new TextDecoderStream()).getReader();
  let rest = "";
  for (;;) {
    const { done, value } = await reader.read();
    if (done) return;
    const blocks = (rest + value).split("\n\n");
    rest = blocks.pop() ?? "";
    for (const block of blocks) yield readBlock(block);
  }
}

function readBlock(block: string): StreamEvent {
  const fields = block.split("\n").map(splitField);
  const named = fields.findLast(([field]) => field === "event");
  const data = fields.filter(([field]) => field === "data").map(([, value]) => value);
  return { name: named?.[1] ?? "message", data: data.join("\n") };
}

function splitField(line: string): readonly [string, string] {
  const at = line.indexOf(":");
  if (at < 0) return [line, ""];
  return [line.slice(0, at), line.slice(at + 1).replace(/^ /u, "")];
}
