import type { InboxView } from "@chorus/sdk";
import { useNavigate } from "@tanstack/react-router";
import { useMemo } from "react";
import { isSenior } from "../shared/domain/roles";
import type { Action } from "../shared/keys/keymap";
import { useSession } from "../shared/live/session";
import { useWords } from "../shared/words/words";
import { VIEWS } from "./address";

export interface KnownPlace {
  readonly key: string;
  readonly label: string;
  readonly action?: Action;
  go(): void;
}

const GO: Readonly<Partial<Record<InboxView, Action>>> = {
  queue: "goQueue",
  mine: "goMine",
  all: "goAll",
  bot: "goBot",
  snoozed: "goSnoozed",
};

interface PagePlace {
  readonly key: "live" | "contacts" | "search" | "reports" | "settings" | "profile";
  readonly to: "/live" | "/contacts" | "/search" | "/reports" | "/settings" | "/profile";
  readonly action?: Action;
  readonly isForSeniors?: boolean;
}

const PAGES: readonly PagePlace[] = [
  { key: "live", to: "/live", isForSeniors: true },
  { key: "contacts", to: "/contacts" },
  { key: "search", to: "/search", action: "search" },
  { key: "reports", to: "/reports", action: "goReports", isForSeniors: true },
  { key: "settings", to: "/settings" },
  { key: "profile", to: "/profile" },
];

/** Where one can go, for the palette and for `G`. */
export function usePlaces(): readonly KnownPlace[] {
  const navigate = useNavigate();
  const { t } = useWords();
  const { agent } = useSession();
  return useMemo(() => {
    const views = VIEWS.map((view): KnownPlace => {
      const action = GO[view];
      const go = () => void navigate({ to: "/inbox/$view", params: { view } });
      return {
        key: view,
        label: t(`view-${view}`),
        go,
        ...(action === undefined ? {} : { action }),
      };
    });
    const pages = PAGES.filter(({ isForSeniors }) => !isForSeniors || isSenior(agent.role)).map(
      ({ key, to, action }): KnownPlace => ({
        key,
        label: t(key),
        go: () => void navigate({ to }),
        ...(action === undefined ? {} : { action }),
      }),
    );
    return [...views, ...pages];
  }, [navigate, t, agent.role]);
}
