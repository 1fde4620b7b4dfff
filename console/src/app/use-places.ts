import type { InboxView } from "@chorus/sdk";
import { useNavigate } from "@tanstack/react-router";
import { useMemo } from "react";
import type { Action } from "../shared/keys/keymap";
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

/** Where one can go, for the palette and for `G`. */
export function usePlaces(): readonly KnownPlace[] {
  const navigate = useNavigate();
  const { t } = useWords();
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
    const profile = {
      key: "profile",
      label: t("profile"),
      go: () => void navigate({ to: "/profile" }),
    };
    return [...views, profile];
  }, [navigate, t]);
}
