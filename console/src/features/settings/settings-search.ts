/** Which part of an item is open, and what narrows a list. */
export const TABS = ["general", "widget", "install"] as const;

export interface SettingsSearch {
  readonly tab?: (typeof TABS)[number] | undefined;
  /** The beginning of what was done: `queue`, `agent.disabled`. */
  readonly action?: string | undefined;
  readonly actor?: string | undefined;
}

const WORD = /^[\w.:-]{1,60}$/u;

export function readSettingsSearch(search: Readonly<Record<string, unknown>>): SettingsSearch {
  const tab = TABS.find((one) => one === search.tab);
  return {
    ...(tab === undefined || tab === "general" ? {} : { tab }),
    ...word("action", search.action),
    ...word("actor", search.actor),
  };
}

function word(name: "action" | "actor", value: unknown): SettingsSearch {
  return typeof value === "string" && WORD.test(value) ? { [name]: value } : {};
}
