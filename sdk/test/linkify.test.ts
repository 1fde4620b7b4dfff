import { expect, test } from "vitest";
import { linkify } from "../src/linkify";

test.each([
  ["see https://a.example/b.", [["see "], ["https://a.example/b", "https://a.example/b"], ["."]]],
  [
    "(https://a.example/x_(y))",
    [["("], ["https://a.example/x_(y)", "https://a.example/x_(y)"], [")"]],
  ],
  ["mail ada@demo.test now", [["mail "], ["ada@demo.test", "mailto:ada@demo.test"], [" now"]]],
  ["nothing here", [["nothing here"]]],
  ["", []],
])("%j", (text, expected) => {
  expect(linkify(text).map(({ text: part, href }) => (href ? [part, href] : [part]))).toEqual(
    expected,
  );
});

test.each([
  "javascript:alert(1)",
  "data:text/html,<script>alert(1)</script>",
  "vbscript:msgbox(1)",
  "<img src=x onerror=alert(1)>",
  "java\nscript:alert(1)",
])("%j becomes no link", (text) => {
  expect(linkify(text).every((part) => part.href === undefined)).toBe(true);
});

test("the parts of a text always make up the text again", () => {
  const text = 'a https://x.example/?q="1" b <https://y.example> c@d.example, https:// e';
  expect(
    linkify(text)
      .map((part) => part.text)
      .join(""),
  ).toBe(text);
});
