import { asChorusError } from "@chorus/sdk";
import type { Offer } from "@chorus/sdk/agent-acts";
import { BellRing, Check, X } from "lucide-react";
import { useEffect, useState } from "react";
import { wantToWrite } from "../../shared/acts/to-write";
import { useSnapshot } from "../../shared/api/queries";
import { contactName } from "../../shared/domain/people";
import { useActions } from "../../shared/keys/use-keys";
import { useNow, useOffers } from "../../shared/live/hooks";
import { useSession } from "../../shared/live/session";
import { Avatar } from "../../shared/ui/avatar";
import { Button } from "../../shared/ui/button";
import { showToast } from "../../shared/ui/toasts";
import { waited } from "../../shared/words/time";
import { useWords } from "../../shared/words/words";
import { useAlarm } from "./use-alarm";

interface OffersProps {
  readonly onAccepted: (conv: string) => void;
}

/** Conversations that are offered to this agent, until they say yes or no or the time is over. */
export function Offers({ onAccepted }: OffersProps) {
  const { t } = useWords();
  const offers = useOffers();
  useAlarm(offers);
  useEnded();
  useOfferKeys(offers[0], onAccepted);
  if (offers.length === 0) return null;
  return (
    <section
      aria-label={t("offers")}
      className="fixed end-4 bottom-4 z-30 flex w-[360px] max-w-[92vw] flex-col gap-3"
    >
      <p className="sr-only" role="alert">
        {t("offersCount", { count: offers.length })}
      </p>
      {offers.map((offer) => (
        <Card key={offer.session} offer={offer} onAccepted={onAccepted} />
      ))}
    </section>
  );
}

interface CardProps extends OffersProps {
  readonly offer: Offer;
}

function Card({ offer, onAccepted }: CardProps) {
  const words = useWords();
  const { t } = words;
  const { packet } = offer;
  const name = contactName(packet.contact.name, packet.contact.id, words);
  const { answer, isBusy } = useAnswer(offer, onAccepted);
  const [since] = useState(() => new Date(Date.now() - packet.waiting_s * 1_000).toISOString());
  const nowMs = useNow(1_000);
  return (
    <article
      aria-label={t("offerOf", { name })}
      data-offer={offer.conv}
      className="rise overflow-hidden rounded-xl border border-line-strong bg-surface shadow-pop"
    >
      <Countdown untilMs={offer.untilMs} />
      <div className="flex flex-col gap-3 p-4">
        <p className="flex items-center gap-1.5 text-xs font-semibold text-accent-text">
          <BellRing className="size-3.5" aria-hidden="true" /> {t("offer")}
        </p>
        <div className="flex items-center gap-3">
          <Avatar id={packet.contact.id} name={name} />
          <div className="min-w-0 flex-1">
            <p dir="auto" className="truncate font-semibold">
              {name}
            </p>
            <p className="text-xs text-muted">
              {t(packet.contact.verified ? "verified" : "unverified")} ·{" "}
              {t("waitsSince", { time: waited(since, nowMs, words) })}
            </p>
          </div>
        </div>
        <PacketText offer={offer} />
        <div className="flex gap-2">
          <Button
            look="primary"
            className="flex-1 justify-center"
            disabled={isBusy}
            onClick={() => void answer("offer.accept")}
          >
            <Check className="size-4" aria-hidden="true" /> {t("accept")}
          </Button>
          <Button
            className="flex-1 justify-center"
            disabled={isBusy}
            onClick={() => void answer("offer.decline")}
          >
            <X className="size-4" aria-hidden="true" /> {t("decline")}
          </Button>
        </div>
      </div>
    </article>
  );
}

/** The oldest offer answers to keys too. */
function useOfferKeys(offer: Offer | undefined, onAccepted: (conv: string) => void): void {
  const { answer, isBusy } = useAnswer(offer, onAccepted);
  const isOpen = offer !== undefined && !isBusy;
  useActions(
    isOpen
      ? { accept: () => void answer("offer.accept"), decline: () => void answer("offer.decline") }
      : {},
  );
}

const SAID = 2;

/** Why, and what it is about: the summary, or what the customer said last. */
function PacketText({ offer }: { readonly offer: Offer }) {
  const { t } = useWords();
  const { reason, summary } = offer.packet;
  const messages = useSnapshot(offer.conv).data?.messages ?? [];
  const said = messages
    .filter(({ role, content }) => role === "customer" && content)
    .slice(-SAID)
    .map(({ content }) => content);
  return (
    <>
      {reason && (
        <p dir="auto" className="text-sm">
          <span className="text-muted">{t("reason")}: </span>
          {reason}
        </p>
      )}
      {summary ? (
        <p
          dir="auto"
          // biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls must be reached by keys.
          tabIndex={0}
          className="max-h-40 overflow-y-auto rounded-lg bg-sunken p-2.5 text-sm whitespace-pre-line"
        >
          {summary}
        </p>
      ) : (
        said.length > 0 && (
          <p
            dir="auto"
            className="line-clamp-4 rounded-lg bg-sunken p-2.5 text-sm whitespace-pre-line"
          >
            <span className="block text-xs text-muted">{t("lastWords")}</span>
            {said.join("\n")}
          </p>
        )
      )}
    </>
  );
}

function useAnswer(offer: Offer | undefined, onAccepted: (conv: string) => void) {
  const { client } = useSession();
  const [isBusy, setIsBusy] = useState(false);
  const answer = async (event: "offer.accept" | "offer.decline") => {
    if (offer === undefined) return;
    const { conv, session } = offer;
    setIsBusy(true);
    try {
      await client.command(null, event, { session });
      if (event === "offer.accept") {
        wantToWrite(conv);
        onAccepted(conv);
      }
    } catch (cause) {
      showToast({ text: asChorusError(cause).message, tone: "problem" });
    } finally {
      setIsBusy(false);
    }
  };
  return { answer, isBusy };
}

/** The time left, as a line that shrinks and as seconds. */
function Countdown({ untilMs }: { readonly untilMs: number }) {
  const { t } = useWords();
  const [totalMs] = useState(() => Math.max(1, untilMs - Date.now()));
  const nowMs = useNow(250);
  const leftMs = Math.max(0, untilMs - nowMs);
  return (
    <div className="relative h-6 bg-sunken">
      <div
        className="absolute inset-y-0 start-0 bg-accent-soft transition-[width] duration-200 ease-linear"
        style={{ width: `${Math.min(100, (100 * leftMs) / totalMs)}%` }}
      />
      <p className="relative px-4 text-xs leading-6 font-medium text-ink tabular-nums" role="timer">
        {t("secondsLeft", { count: Math.ceil(leftMs / 1_000) })}
      </p>
    </div>
  );
}

/** Who was slower learns who has it. */
function useEnded(): void {
  const { client, agent } = useSession();
  const { t } = useWords();
  useEffect(
    () =>
      client.on("offer-ended", ({ by, offer, reason }) => {
        if (by?.userId === agent.id || reason === "declined") return;
        const name = offer.packet.contact.name ?? "";
        const who = by?.name;
        const text = who === undefined ? t("offerGone", { name }) : t("offerTaken", { who, name });
        showToast({ text });
      }),
    [client, agent, t],
  );
}
