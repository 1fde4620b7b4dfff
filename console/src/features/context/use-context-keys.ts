import type { Action } from "../../shared/keys/keymap";
import { useActions } from "../../shared/keys/use-keys";
import { useSettings } from "../../shared/settings/settings";
import { showThen } from "../../shared/ui/show-then";

/** The keys of the pane. They are answered while it is folded, too: its parts are shown first. */
export function useContextKeys(isLookingOn: boolean): void {
  const { contextHidden, set } = useSettings();
  const goTo = (part: Action) => () =>
    showThen(
      () => set({ contextHidden: false, contextTab: "summary" }),
      () => document.querySelector<HTMLElement>(`[data-key=${part}]`)?.focus(),
    );
  useActions(isLookingOn ? {} : { priority: goTo("priority"), labels: goTo("labels") });
  useActions({
    toggleContext: () => set({ contextHidden: !contextHidden }),
    summary: goTo("summary"),
  });
}
