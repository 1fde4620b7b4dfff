// @vitest-environment happy-dom
import { act, Suspense } from "react";
import { createRoot, type Root } from "react-dom/client";
import { afterEach, expect, it, vi } from "vitest";
import { AssistFigures } from "../src/features/reports/assist-figures";
import type { ProposalFigures } from "../src/features/reports/shapes";

vi.stubGlobal("IS_REACT_ACT_ENVIRONMENT", true);

const NONE: ProposalFigures = { shown: 0, asIs: 0, changed: 0, replaced: 0, share: null };
const ASKED: ProposalFigures = { shown: 8, asIs: 3, changed: 2, replaced: 1, share: 0.625 };
let root: Root | undefined;

async function shows(asked: ProposalFigures): Promise<void> {
  const report = { total: asked, sources: { asked, suggested: NONE } };
  root = createRoot(document.body.appendChild(document.createElement("main")));
  await act(async () =>
    root?.render(
      <Suspense>
        <AssistFigures report={report} />
      </Suspense>,
    ),
  );
  await act(async () => void (await vi.waitFor(() => expect(text()).not.toBe(""))));
}

const text = () => document.querySelector("main")?.textContent ?? "";
const texts = (at: string) => [...document.querySelectorAll(at)].map((one) => one.textContent);

afterEach(() => {
  act(() => root?.unmount());
  document.body.replaceChildren();
});

it("what was proposed stands by source, with what became of it", async () => {
  await shows(ASKED);
  expect(texts("li span:nth-child(2)")).toEqual(["8", "3", "2", "62.5%"]);
  const rows = [...document.querySelectorAll("tbody tr")].map((row) =>
    [...row.children].map((cell) => cell.textContent),
  );
  expect(rows).toEqual([
    ["Asked for by agents", "8", "3", "2", "1", "62.5%"],
    ["Suggested by bots", "0", "0", "0", "0", "–"],
  ]);
});

it("where nothing was proposed that is said", async () => {
  await shows(NONE);
  expect(text()).toContain("Nothing was proposed to agents in these days");
  expect(document.querySelector("table")).toBeNull();
});
