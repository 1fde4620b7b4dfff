import { expect, test } from "vitest";
import { parseRoute, routePath } from "../src/route";

const CONV = "01936b5e-0000-7000-8000-000000000001";

test.each([
  { view: "all", conv: null },
  { view: "all", conv: CONV },
  { view: "mine", conv: null },
  { view: "mine", conv: CONV },
] as const)("%o survives its own address", (route) => {
  const url = new URL(routePath(route), "http://host");
  expect(parseRoute(url.pathname, url.search)).toEqual(route);
});

test.each(["/console", "/console/", "/console/inbox/../../etc", "/console/inbox/not-an-id"])(
  "%s opens the list",
  (path) => {
    expect(parseRoute(path, "")).toEqual({ view: "all", conv: null });
  },
);

test("an unknown view is the whole inbox", () => {
  expect(parseRoute("/console/inbox", "?view=everything").view).toBe("all");
});
