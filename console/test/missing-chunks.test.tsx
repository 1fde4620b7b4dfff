// @vitest-environment happy-dom
import { QueryClient, QueryClientProvider } from "@tanstack/react-query";
import { RouterProvider } from "@tanstack/react-router";
import { act, type ReactNode } from "react";
import { createRoot, type Root } from "react-dom/client";
import { afterEach, expect, test, vi } from "vitest";
import { newRouter } from "../src/app/router";
import { SummaryTab } from "../src/features/context/summary-tab";
import { Row } from "../src/features/inbox/row";
import { type Session, SessionProvider } from "../src/shared/live/session";
import { CONV, ME, row } from "./support";

vi.stubGlobal("IS_REACT_ACT_ENVIRONMENT", true);
// As on a server that has been upgraded since the page was loaded.
const gone = vi.hoisted(() => () => {
  throw new TypeError("gone");
});
vi.mock("../src/shared/traits/chips", gone);
vi.mock("../src/features/context/traits", gone);
vi.mock("../src/features/profile/profile-page", gone);

let root: Root | undefined;

/** Draw it, and wait for what it loads, or fails to. */
async function draw(part: ReactNode): Promise<string> {
  const client = { request: () => new Promise(() => undefined), on: () => () => undefined };
  const session = { client, agent: { id: ME, name: "Ada", role: "agent" } } as unknown as Session;
  root = createRoot(document.body.appendChild(document.createElement("main")));
  await act(async () =>
    root?.render(
      <QueryClientProvider client={new QueryClient()}>
        <SessionProvider value={session}>{part}</SessionProvider>
      </QueryClientProvider>,
    ),
  );
  await act(() => vi.dynamicImportSettled());
  return document.body.textContent ?? "";
}

afterEach(() => {
  act(() => root?.unmount());
  document.body.replaceChildren();
});

test("a row of the inbox goes without its topic and mood", async () => {
  const about = row(CONV, { intent: "refund", preview: "Where is it?" });
  const given = { href: "/", nowMs: 0, isSelected: false, isCurrent: true, assignee: undefined };
  expect(await draw(<Row row={about} {...given} onSelect={() => undefined} />)).toContain(
    "Where is it?",
  );
});

test("the summary goes without what was read of the words", async () => {
  const given = { hrefOf: () => "/", onAnchor: () => undefined, onSelect: () => undefined };
  const view = { id: CONV, items: [] } as never;
  expect(await draw(<SummaryTab view={view} {...given} />)).toContain("Summary");
});

test("a page that is gone says so beside the others, and how to go on", async () => {
  vi.spyOn(console, "error").mockReturnValue();
  vi.spyOn(console, "warn").mockReturnValue();
  const reload = vi.spyOn(location, "reload").mockReturnValue();
  history.replaceState(null, "", "/console/profile");
  await draw(<RouterProvider router={newRouter()} />);
  const said = await vi.waitFor(() => {
    const main = document.querySelector("nav ~ main");
    expect(main?.textContent ?? "").toContain("This cannot be shown");
    return main;
  });
  act(() => said?.querySelector("button")?.click());
  expect(reload).toHaveBeenCalledOnce();
});
