// @vitest-environment happy-dom
import { act } from "react";
import { createRoot } from "react-dom/client";
import { afterEach, expect, test, vi } from "vitest";
import { NumberField } from "../src/shared/ui/number-field";

vi.stubGlobal("IS_REACT_ACT_ENVIRONMENT", true);
afterEach(() => document.body.replaceChildren());

/** What a field with so many places says was entered. */
function entered(typed: string, places?: number): unknown {
  const said = vi.fn();
  const root = createRoot(document.body.appendChild(document.createElement("main")));
  const given = places === undefined ? {} : { places };
  act(() => root.render(<NumberField label="Limit" value={null} onChange={said} {...given} />));
  const input = document.querySelector("input");
  Object.getOwnPropertyDescriptor(HTMLInputElement.prototype, "value")?.set?.call(input, typed);
  act(() => void input?.dispatchEvent(new Event("input", { bubbles: true })));
  act(() => root.unmount());
  return said.mock.lastCall?.[0];
}

test("money is entered in cents, and everything else in whole numbers", () => {
  expect(entered("0.5", 2)).toBe(0.5);
  expect(entered("0.29", 2)).toBe(0.29);
  expect(entered("1.239", 2)).toBe(1.23);
  expect(entered("0.5")).toBe(0);
  expect(entered("12.7")).toBe(12);
});
