// @vitest-environment node
import { renderToString } from "react-dom/server";
import { expect, test } from "vitest";
import { loadChorus } from "../src/chorus.ts";
import { ChorusWidget, useChorus } from "../src/react.tsx";

function Badge() {
  const { unread, connection } = useChorus();
  return <b>{`${unread} ${connection}`}</b>;
}

test("on a server there is nothing to see and nothing happens", async () => {
  const html = renderToString(
    <p>
      <ChorusWidget server="https://chat.example.com" inboxKey="pk_a" />
      <Badge />
    </p>,
  );
  expect(html).toBe("<p><b>0 idle</b></p>");
  expect(await loadChorus({ server: "https://chat.example.com" })("open")).toBeUndefined();
});
