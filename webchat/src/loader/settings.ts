import type { Settings } from "../api";

/** The settings that stand on the script tag: `data-key`, `data-color`, `data-open="false"`, … */
export function settingsOf({ dataset }: HTMLScriptElement): Settings | undefined {
  const { key, open } = dataset;
  if (key === undefined) return undefined;
  const told = Object.entries(dataset).map(([name, text]) => [name, read(text)]);
  return { ...Object.fromEntries(told), key, open: Number(open) || read(open) };
}

function read(text: string | undefined): string | boolean | undefined {
  if (text === "" || text === "true") return true;
  return text === "false" ? false : text;
}

/** Whether this page is one of those that want the chat. */
export function isWanted({ pages, hideOnMobile }: Settings): boolean {
  if (hideOnMobile && matchMedia("(width<=480px)").matches) return false;
  const has = (part: string) => location.href.includes(part);
  return !pages?.exclude?.some(has) && (pages?.include?.some(has) ?? true);
}
