/**
 * The real chat on an empty page, inside of the settings of an inbox. They send what is typed
 * there; it is shown before it is saved.
 */

type Door = ((method: string, settings: Record<string, unknown>) => Promise<unknown>) & {
  q?: unknown[];
};

interface Shown {
  readonly kind: "chorus:preview";
  readonly settings: Readonly<Record<string, unknown>> & { readonly theme?: string };
}

const page = window as unknown as { Chorus?: Door };
page.Chorus ??= ((...call: unknown[]) => {
  const door = page.Chorus as Door;
  door.q = [...(door.q ?? []), call];
}) as unknown as Door;

let isBooted = false;
addEventListener("message", ({ origin, source, data }: MessageEvent<Shown>) => {
  if (origin !== location.origin || source !== parent || data?.kind !== "chorus:preview") return;
  const { settings } = data;
  const isDark =
    (settings.theme ?? "auto") === "auto"
      ? matchMedia("(prefers-color-scheme: dark)").matches
      : settings.theme === "dark";
  document.documentElement.dataset.theme = isDark ? "dark" : "light";
  void page.Chorus?.(isBooted ? "update" : "boot", { ...settings, rememberOpen: false });
  isBooted = true;
});
parent.postMessage({ kind: "chorus:preview-ready" }, location.origin);
