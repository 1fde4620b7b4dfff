import type { Offer } from "@chorus/sdk/agent-acts";
import { useEffect, useRef } from "react";
import { contactName } from "../../shared/domain/people";
import { call } from "../../shared/notify/attention";
import { useWords } from "../../shared/words/words";

const AGAIN_MS = 6_000;

/** Call for each new offer, and again every few seconds until it is answered. */
export function useAlarm(offers: readonly Offer[]): void {
  const words = useWords();
  const first = offers[0];
  const session = first?.session;
  const latest = useRef({ first, words });
  latest.current = { first, words };
  useEffect(() => {
    if (session === undefined) return;
    const ring = () => {
      const { first: offer, words: now } = latest.current;
      if (offer === undefined) return;
      const { contact, reason } = offer.packet;
      const title = now.t("offerOf", { name: contactName(contact.name, contact.id, now) });
      call({ title, body: reason ?? "", tag: session, onClick: () => undefined });
    };
    ring();
    const again = setInterval(ring, AGAIN_MS);
    return () => clearInterval(again);
  }, [session]);
}
