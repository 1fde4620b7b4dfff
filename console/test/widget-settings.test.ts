import { readFileSync } from "node:fs";
import { contrast, parseColour, READABLE, type Rgb } from "@chorus/sdk/colour";
import { describe, expect, it } from "vitest";
import { checkSite, originOf, policyLines, tagOf } from "../src/features/settings/snippet";
import {
  FEATURES,
  fieldProblems,
  isSavable,
  judgeColour,
  withPart,
} from "../src/features/settings/widget-settings";

const BASE = "https://chat.example.com";
const WHITE: Rgb = [255, 255, 255];

describe("the snippet", () => {
  it("is the tag that the command line prints", () => {
    expect(tagOf(BASE, "pk_live_1")).toBe(
      '<script async src="https://chat.example.com/widget/v1/chorus.js" data-key="pk_live_1"></script>',
    );
  });

  it("pins one release by name and hash", () => {
    const pinned = { loader: "chorus.Elo5.js", integrity: "sha384-abc" };
    expect(tagOf(BASE, "pk_live_1", pinned)).toBe(
      '<script async src="https://chat.example.com/widget/v1/chorus.Elo5.js" data-key="pk_live_1" integrity="sha384-abc" crossorigin="anonymous"></script>',
    );
  });

  it("cannot be broken out of", () => {
    expect(tagOf(BASE, '"><script>')).toContain('data-key="&quot;&gt;&lt;script&gt;"');
  });

  it("names the lines of a policy, with the socket of the same kind", () => {
    expect(policyLines(BASE)).toEqual([
      "script-src https://chat.example.com/widget/v1/;",
      "connect-src https://chat.example.com wss://chat.example.com;",
      "img-src https://chat.example.com blob:;",
    ]);
    expect(policyLines("http://localhost:8080")[1]).toContain("ws://localhost:8080");
  });
});

describe("the check of a page", () => {
  const allowed = ["https://shop.example.com", "http://localhost:*"];

  it.each([
    ["https://shop.example.com/lamps?x=1", "fine"],
    ["shop.example.com", "fine"],
    ["http://shop.example.com", "notAllowed"],
    ["https://www.shop.example.com", "notAllowed"],
    ["https://shop.example.com:8443", "notAllowed"],
    ["http://localhost:3000/", "fine"],
    ["http://localhost", "fine"],
    ["https://localhost:3000", "notAllowed"],
    ["http://localhost.evil.test:3000", "notAllowed"],
    ["file:///etc/passwd", "noAddress"],
    ["javascript://shop.example.com", "noAddress"],
    ["not an address", "noAddress"],
    ["", "noAddress"],
  ])("%j is %s", (address, verdict) => {
    expect(checkSite(address, allowed, BASE).verdict).toBe(verdict);
  });

  it("tells of a page that is encrypted before a server that is not", () => {
    const check = checkSite("https://shop.example.com", allowed, "http://chat.example.com");
    expect(check.verdict).toBe("mixed");
    const local = checkSite("https://shop.example.com", allowed, "http://localhost:8080");
    expect(local.verdict).toBe("fine");
  });

  it("knows the part of an address that counts", () => {
    expect(originOf(" https://Shop.Example.com:443/a#b ")).toBe("https://shop.example.com");
  });
});

describe("the settings of the chat", () => {
  it("has a switch for each feature that the documentation names", () => {
    const words = readFileSync(new URL("../../docs/widget.md", import.meta.url), "utf8");
    const named = /`features` \| `\{ ([^}]+) \}`/u.exec(words)?.[1]?.split(", ");
    expect([...FEATURES].sort()).toEqual(named?.sort());
  });

  it("leave out what is empty, so that the chat's own word holds", () => {
    const full = { title: "Hi", color: "#0f6b64", prechat: [{ name: "name" }] };
    expect(withPart(full, { title: "", prechat: [], features: {} })).toEqual({ color: "#0f6b64" });
    expect(withPart({}, { launcher: false })).toEqual({ launcher: false });
  });

  it("refuse a colour that cannot be read, and know the nearest that can", () => {
    expect(judgeColour("#0f6b64", "auto")).toEqual({ kind: "fine" });
    expect(judgeColour("", "auto")).toEqual({ kind: "fine" });
    expect(judgeColour("teal", "auto")).toEqual({ kind: "none" });
    const verdict = judgeColour("#ffcc00", "light");
    if (verdict.kind !== "faint") throw new Error("yellow on white is too faint");
    const nearest = parseColour(verdict.nearest);
    expect(nearest).toBeDefined();
    expect(contrast(nearest ?? WHITE, WHITE)).toBeGreaterThanOrEqual(READABLE);
  });

  it("judge by the ground of the theme", () => {
    expect(judgeColour("#ffcc00", "dark")).toEqual({ kind: "fine" });
    expect(judgeColour("#101010", "dark").kind).toBe("faint");
  });

  it("name what is wrong with a form, by its place", () => {
    expect(
      fieldProblems([
        { name: "name" },
        { name: "your order" },
        { name: "name" },
        { name: "topic", type: "select" },
        { name: "size", type: "select", options: ["S"] },
      ]),
    ).toEqual({ 1: "name", 2: "twice", 3: "options" });
  });

  it("cannot be saved while something is wrong", () => {
    expect(isSavable({ color: "#0f6b64", consent: { text: "I agree" } })).toBe(true);
    expect(isSavable({ consent: { text: " " } })).toBe(false);
    expect(isSavable({ color: "#ffcc00" })).toBe(false);
    expect(isSavable({ offline: [{ name: "1st" }] })).toBe(false);
  });
});
