import { expect, test } from "vitest";
import { isPage } from "../src/features/sign-in/way-back";

test.each(["/console", "/console/contacts", "/console/search?q=lamp", "/console?x=1"])(
  "%s is a page to come back to",
  (path) => expect(isPage(path)).toBe(true),
);

test.each([
  "",
  "/",
  "//evil.test/console",
  "https://evil.test",
  "/consoles",
  "javascript:x",
  "/auth",
])("%s is none", (path) => expect(isPage(path)).toBe(false));
