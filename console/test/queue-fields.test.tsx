// @vitest-environment happy-dom
import { QueryClient, QueryClientProvider } from "@tanstack/react-query";
import { act } from "react";
import { createRoot, type Root } from "react-dom/client";
import { afterEach, expect, test, vi } from "vitest";
import { Times } from "../src/features/settings/queue-fields";
import type { Queue } from "../src/features/settings/shapes";
import { keys } from "../src/shared/live/keys";
import { type Session, SessionProvider } from "../src/shared/live/session";
import { type Draft, useDraft } from "../src/shared/ui/use-draft";

vi.stubGlobal("IS_REACT_ACT_ENVIRONMENT", true);

const SAVED = {
  id: "q-1",
  slaSeconds: null,
  maxWaitSeconds: 300,
  maxWaitThen: "ask",
  teamWaitSeconds: 120,
  overflowQueueId: null,
} as Queue;
let root: Root | undefined;
let draft: Draft<Queue>;

function Editing({ problems }: { readonly problems: Readonly<Record<string, string>> }) {
  draft = useDraft(SAVED);
  return <Times draft={draft} problems={problems} mayChange />;
}

/** The fields on a page of their own, in a workspace of two queues. */
function open(problems: Readonly<Record<string, string>> = {}): void {
  const cache = new QueryClient({ defaultOptions: { queries: { staleTime: Infinity } } });
  cache.setQueryData(keys.queues, [
    { id: "q-1", name: "support" },
    { id: "q-2", name: "sales" },
  ]);
  root = createRoot(document.body.appendChild(document.createElement("main")));
  const page = (
    <QueryClientProvider client={cache}>
      <SessionProvider value={{ client: {} } as Session}>
        <Editing problems={problems} />
      </SessionProvider>
    </QueryClientProvider>
  );
  act(() => root?.render(page));
}

function field(label: string): HTMLInputElement | HTMLSelectElement {
  const named = [...document.querySelectorAll("label")].find((one) => one.textContent === label);
  return document.getElementById(named?.htmlFor ?? "") as HTMLInputElement | HTMLSelectElement;
}

function change(label: string, value: string): void {
  const input = field(label);
  const { prototype } = input instanceof HTMLSelectElement ? HTMLSelectElement : HTMLInputElement;
  Object.getOwnPropertyDescriptor(prototype, "value")?.set?.call(input, value);
  const name = input instanceof HTMLSelectElement ? "change" : "input";
  act(() => void input.dispatchEvent(new Event(name, { bubbles: true })));
}

afterEach(() => {
  act(() => root?.unmount());
  document.body.replaceChildren();
});

test("a queue says what becomes of who waited as long as it allows", () => {
  open();
  expect(field("If nowhere else to go").value).toBe("ask");
  change("If nowhere else to go", "defer");
  expect(draft.changes).toEqual({ maxWaitThen: "defer" });
});

test("a queue says how long a team alone is asked, or that it always is", () => {
  open();
  expect(field("A team alone is asked for (seconds)").value).toBe("120");
  change("A team alone is asked for (seconds)", "90");
  expect(draft.changes).toEqual({ teamWaitSeconds: 90 });
  change("A team alone is asked for (seconds)", "");
  expect(draft.changes).toEqual({ teamWaitSeconds: null });
});

test("what the server refuses of them is said below them", () => {
  open({ teamWaitSeconds: "teamWaitSeconds: 1 at least" });
  expect(document.querySelector("[aria-invalid=true]")).toBe(
    field("A team alone is asked for (seconds)"),
  );
});

test("no queue flows over into itself", () => {
  open();
  const names = [...field("Overflow queue").querySelectorAll("option")].map((it) => it.text);
  expect(names).toEqual(["Nowhere", "sales"]);
});
