// Everything a page needs to draw a chat of its own: one client, one state, a few calls.
import { createVisitorClient, type VisitorState } from "../../src/index";

const facts = (await (await fetch("/dev/demo.json")).json()) as { inboxKey: string };
const client = createVisitorClient({
  apiBase: "",
  inboxKey: facts.inboxKey,
  storage: localStorage,
});

const connection = find<HTMLOutputElement>("#connection");
const messages = find<HTMLOListElement>("#messages");
const content = find<HTMLInputElement>("#content");

client.on("state", draw);
draw(client.state);
find<HTMLFormElement>("#form").addEventListener("submit", (event) => {
  event.preventDefault();
  void client.send(content.value);
  content.value = "";
});
content.addEventListener("input", () => client.typing(content.value !== ""));

function draw({ connection: status, conversation }: VisitorState): void {
  connection.value = status.phase;
  const stored = conversation?.items ?? [];
  const lines = stored.flatMap((it) =>
    it.kind === "message" ? [`${it.seq} ${it.role}: ${it.content}`] : [],
  );
  const waiting = (conversation?.pending ?? []).map((it) => `${it.status}: ${it.body.content}`);
  messages.replaceChildren(...[...lines, ...waiting].map(listItem));
}

function listItem(text: string): HTMLLIElement {
  const item = document.createElement("li");
  item.textContent = text;
  return item;
}

function find<T extends Element>(selector: string): T {
  const element = document.querySelector<T>(selector);
  if (element === null) throw new Error(`the page has no ${selector}`);
  return element;
}
