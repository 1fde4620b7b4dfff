import type { Settings } from "../api";

/** The settings that stand on the script tag: `data-key`, `data-color`, … All but one are texts. */
export function settingsOf({ dataset }: HTMLScriptElement): Settings | undefined {
  const { key, open } = dataset;
  if (key === undefined) return undefined;
  return { ...dataset, key, open: open !== undefined && (Number(open) || true) };
}

/** Whether this page is one of those that want the chat. */
export function isWanted({ pages, hideOnMobile }: Settings): boolean {
  if (hideOnMobile && matchMedia("(max-width: 480px)").matches) return false;
  const has = (part: string) => location.href.includes(part);
  return !pages?.exclude?.some(has) && (pages?.include?.some(has) ?? true);
}
