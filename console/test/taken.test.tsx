// @vitest-environment happy-dom
import type { ConversationView, Message } from "@chorus/sdk";
import { act } from "react";
import { createRoot, type Root } from "react-dom/client";
import { afterEach, describe, expect, it, vi } from "vitest";
import { beginWith, endOf, sentWith, useTellTaken } from "../src/features/composer/taken";
import { type Session, SessionProvider } from "../src/shared/live/session";
import { CONV, ME, message } from "./support";

vi.stubGlobal("IS_REACT_ACT_ENVIRONMENT", true);

const TAKEN = { proposal: "p-1", text: "Within 30 days." };
const request = vi.fn();
let root: Root | undefined;

function Telling({ items }: { readonly items: readonly Message[] }) {
  useTellTaken({ id: CONV, items } as unknown as ConversationView);
  return null;
}

/** The composer over a thread with these messages. */
async function shows(...items: Message[]): Promise<void> {
  root ??= createRoot(document.body);
  await act(async () =>
    root?.render(
      <SessionProvider value={{ client: { request } } as unknown as Session}>
        <Telling items={items} />
      </SessionProvider>,
    ),
  );
}

const said = (seq: number) => message(seq, { role: "agent", userId: ME });

afterEach(() => {
  act(() => root?.unmount());
  root = undefined;
  request.mockReset();
});

describe("a proposal that was put into a reply", () => {
  it("is told once the reply is there, and once only", async () => {
    request.mockResolvedValue({});
    await shows(said(1));
    act(() => sentWith("m-2", TAKEN));
    expect(request).not.toHaveBeenCalled();
    await shows(said(1), message(3));
    expect(request).not.toHaveBeenCalled();
    await shows(said(1), said(2), message(3));
    expect(request).toHaveBeenCalledExactlyOnceWith(
      `/livechat/conversations/${CONV}/assist/replies/p-1/taken`,
      { method: "PUT", body: { message: "m-2", text: "Within 30 days." } },
    );
    await shows(said(1), said(2), message(3), said(4));
    expect(request).toHaveBeenCalledOnce();
  });

  it("is told at once where the reply was quicker", async () => {
    request.mockResolvedValue({});
    await shows(said(7));
    await act(async () => sentWith("m-7", TAKEN));
    expect(request).toHaveBeenCalledOnce();
  });

  it("is told of no other reply, and hinders nobody where nobody hears it", async () => {
    request.mockRejectedValue(new Error("away"));
    await shows();
    act(() => sentWith("m-8", TAKEN));
    await shows(said(8));
    await shows(said(8), said(9));
    expect(request).toHaveBeenCalledOnce();
  });
});

it("a draft leaves with what was put into it last, and the next begins with nothing", () => {
  beginWith("d", { proposal: "p-0", text: "x" });
  beginWith("d", TAKEN);
  beginWith("d", undefined);
  expect(endOf("other")).toBeUndefined();
  expect(endOf("d")).toEqual(TAKEN);
  expect(endOf("d")).toBeUndefined();
  sentWith("m-1", undefined);
});
