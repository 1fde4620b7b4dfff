import { asChorusError } from "@chorus/sdk";
import { useQueryClient } from "@tanstack/react-query";
import { Check } from "lucide-react";
import { useEffect, useState } from "react";
import { useMe } from "../../shared/api/queries";
import { useConnection, useOffers, useSelf } from "../../shared/live/hooks";
import { keys } from "../../shared/live/keys";
import { useSession } from "../../shared/live/session";
import { Avatar } from "../../shared/ui/avatar";
import { Menu, MenuItem, MenuLabel, MenuLine } from "../../shared/ui/menu";
import { showToast } from "../../shared/ui/toasts";
import { useWords } from "../../shared/words/words";
import { CHOICES, type Chosen, SEEN_WITHIN_MS, standingOf } from "./standing";

interface AvailabilityProps {
  readonly onProfile: () => void;
}

/** What this agent chose to be, and how much of what they take they have. */
export function Availability({ onProfile }: AvailabilityProps) {
  const { agent, signOut } = useSession();
  const { t } = useWords();
  const choose = useChoose();
  const standing = useStanding();
  const name = `${agent.name}, ${t(`presence-${standing.status}`)}, ${t("capacityIs", { load: standing.load, capacity: standing.capacity })}`;
  return (
    <Menu
      side="right"
      align="end"
      trigger={
        <button
          type="button"
          title={name}
          data-availability={standing.status}
          className="flex cursor-pointer flex-col items-center gap-1 rounded-lg p-1 hover:bg-hover"
        >
          <Avatar id={agent.id} name={agent.name} presence={standing.status} />
          <span className="sr-only">{name}</span>
          <span
            className="text-[11px] font-medium text-muted tabular-nums"
            data-capacity
            aria-hidden="true"
          >
            {standing.load}/{standing.capacity}
          </span>
        </button>
      }
    >
      <MenuLabel>{agent.name}</MenuLabel>
      {CHOICES.map((one) => (
        <MenuItem
          key={one}
          onSelect={() => void choose(one)}
          end={standing.status === one && <Check className="size-4" aria-hidden="true" />}
        >
          <span className={`size-2.5 rounded-full presence-${one}`} aria-hidden="true" />
          {t(`presence-${one}`)}
        </MenuItem>
      ))}
      <MenuLine />
      <MenuItem onSelect={onProfile}>{t("profile")}</MenuItem>
      <MenuItem onSelect={signOut}>{t("signOut")}</MenuItem>
    </Menu>
  );
}

export function useChoose(): (status: Chosen) => Promise<void> {
  const { client } = useSession();
  return async (status) => {
    try {
      await client.command(null, "agent.status", { status });
    } catch (cause) {
      showToast({ text: asChorusError(cause).message, tone: "problem" });
    }
  };
}

export function useStanding() {
  const self = useSelf();
  const { data: me, dataUpdatedAt: answeredMs } = useMe();
  const { phase } = useConnection();
  useFreshLoad(self?.agent?.status);
  const sinceMs = useSince(`${phase} ${standingOf(self, me).status}`);
  return standingOf(self, me, answeredMs < sinceMs + SEEN_WITHIN_MS);
}

/** When `fact` became what it is. */
function useSince(fact: string): number {
  const [since, setSince] = useState({ fact, ms: Date.now() });
  if (since.fact === fact) return since.ms;
  const now = { fact, ms: Date.now() };
  setSince(now);
  return now.ms;
}

/** A conversation that came or went changes the load; no frame tells the number. */
function useFreshLoad(status: Chosen | undefined): void {
  const { client, agent } = useSession();
  const cache = useQueryClient();
  const offered = useOffers().length;
  const phase = useConnection().phase;
  // biome-ignore lint/correctness/useExhaustiveDependencies: an answered offer is a reason to look.
  useEffect(() => {
    void cache.invalidateQueries({ queryKey: keys.me(agent.id) });
  }, [cache, agent.id, offered, phase, status]);
  useEffect(
    () => client.on("handoff", () => void cache.invalidateQueries({ queryKey: keys.me(agent.id) })),
    [client, cache, agent.id],
  );
}
