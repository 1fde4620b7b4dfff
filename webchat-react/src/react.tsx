"use client";

import { type RefObject, useEffect, useMemo, useRef, useSyncExternalStore } from "react";
import type {
  Answer,
  Chorus,
  EventName,
  Events,
  Facts,
  Meta,
  Settings,
  User,
} from "../../webchat/src/api.ts";
import { NOTHING_YET, type Source } from "./chorus.ts";
import { TheChat } from "./the-chat.ts";

type Handlers = {
  readonly [E in EventName]?: (payload: Events[E], meta: Meta) => Answer;
};

export interface ChorusWidgetProps extends Source, Omit<Settings, "key" | "nonce"> {
  /** What the snippet calls `data-key`; in React, `key` means something else. */
  readonly inboxKey: string;
  /**
   * Who is signed in, by any name of yours that differs between people. Needed where `user.token`
   * is a function: when this changes, that function is asked anew.
   */
  readonly identity?: string | undefined;
  /** Listeners by event; they may be other functions at every render. */
  readonly on?: Handlers;
}

export interface ChorusHandle extends Readonly<Facts> {
  /** Everything that the page can say to the widget; it waits until the widget is here. */
  readonly chorus: Chorus;
}

type Newest = RefObject<ChorusWidgetProps>;

const chat = new TheChat();

/**
 * Put the chat on the page. It draws nothing itself: the launcher stands where it always does, or
 * the chat in `container`. A page has one chat, of one server; taken away it hides, and the
 * visitor's conversation stays.
 */
export function ChorusWidget(props: ChorusWidgetProps): null {
  const { server, nonce, on, identity, user, ...chosen } = props;
  const newest = useRef(props);
  useEffect(() => {
    newest.current = props;
  });
  useEffect(() => chat.want({ server, nonce }), [server, nonce]);
  useHandlers(
    Object.keys(on ?? {})
      .sort()
      .join(" "),
    newest,
  );
  const person = JSON.stringify([identity, user, typeof user?.token]);
  const settings = JSON.stringify(chosen);
  // biome-ignore lint/correctness/useExhaustiveDependencies: what is spelled out says it all.
  useEffect(() => chat.choose(settingsOf(newest), person), [settings, person]);
  return null;
}

/** The facts of the chat, and `chorus` to talk to it; in any component, rendered in any order. */
export function useChorus(): ChorusHandle {
  const { watch, snapshot } = chat.facts;
  const facts = useSyncExternalStore(watch, snapshot, () => NOTHING_YET);
  return useMemo(() => ({ ...facts, chorus: chat.chorus }), [facts]);
}

function useHandlers(names: string, newest: Newest): void {
  useEffect(() => {
    const events = names.split(" ").filter(Boolean) as EventName[];
    const stops = events.map((event) => listen(event, newest));
    return () => {
      for (const stop of stops) stop();
    };
  }, [names, newest]);
}

function listen<E extends EventName>(event: E, newest: Newest): () => void {
  const listener = (payload: Events[E], meta: Meta) => newest.current.on?.[event]?.(payload, meta);
  void chat.chorus("on", event, listener);
  return () => void chat.chorus("off", event, listener);
}

function settingsOf(newest: Newest): Settings {
  const { server, inboxKey, nonce, on, identity, user, ...chosen } = newest.current;
  return {
    ...chosen,
    key: inboxKey,
    apiBase: chosen.apiBase ?? new URL(server).origin,
    ...(nonce === undefined ? {} : { nonce }),
    ...(user === undefined ? {} : { user: userOf(user, newest) }),
  };
}

/** A token that is a function is the newest one, whenever the widget asks. */
function userOf(user: User, newest: Newest): User {
  if (typeof user.token !== "function") return user;
  const token = async () => {
    const now = newest.current.user?.token;
    return typeof now === "function" ? now() : (now ?? "");
  };
  return { ...user, token };
}
