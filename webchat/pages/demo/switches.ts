/** What a visitor of the demo can switch; all of it stands in the address, so it can be linked. */
export const SWITCHES = ["user", "bot", "hours", "slow", "rtl", "dark", "csp"] as const;
export type Switch = (typeof SWITCHES)[number];

/** How each is spelled in the address; the hours are the server's, and so for everybody. */
const SPELLED: Readonly<Record<Exclude<Switch, "hours">, readonly [name: string, on: string]>> = {
  user: ["user", "nora"],
  bot: ["bot", "first"],
  slow: ["net", "slow"],
  rtl: ["dir", "rtl"],
  dark: ["theme", "dark"],
  csp: ["csp", "strict"],
};

export function isOn(name: Exclude<Switch, "hours">, address: URL): boolean {
  const [key, on] = SPELLED[name];
  return address.searchParams.get(key) === on;
}

/** The address of this page with one switch changed. */
export function switched(name: Exclude<Switch, "hours">, on: boolean, address: URL): URL {
  const [key, value] = SPELLED[name];
  const changed = new URL(address);
  if (on) changed.searchParams.set(key, value);
  else changed.searchParams.delete(key);
  return changed;
}

/** Dark when the address says so, light when it says that; else as the system is. */
export function wantsDark(address: URL, system: boolean): boolean {
  const said = address.searchParams.get("theme");
  return said === null ? system : said === "dark";
}
