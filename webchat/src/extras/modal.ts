/** What a panel needs that fills a small screen. */

const REACHABLE = "button, textarea, input, select, a, [tabindex='0']";

/**
 * Take the page behind it out of the tab order and the reading order, keep the tab key inside, and
 * the panel within what the keyboard of a phone leaves to see; answers how to stop.
 */
export function makeModal(host: Element, mount: HTMLElement): () => void {
  const stops = [shield(host), holdScroll(), fitViewport(mount)];
  const onKeyDown = (event: KeyboardEvent) => keepInside(mount, event);
  mount.addEventListener("keydown", onKeyDown);
  return () => {
    mount.removeEventListener("keydown", onKeyDown);
    for (const stop of stops) stop();
  };
}

function shield(host: Element): () => void {
  const others = [...(host.parentElement?.children ?? [])].filter(
    (it): it is HTMLElement => it !== host && it instanceof HTMLElement && !it.inert,
  );
  for (const other of others) other.inert = true;
  return () => {
    for (const other of others) other.inert = false;
  };
}

/** The page behind stays where it is. */
function holdScroll(): () => void {
  const { style } = document.documentElement;
  const { overflow } = style;
  style.overflow = "hidden";
  return () => {
    style.overflow = overflow;
  };
}

function fitViewport(mount: HTMLElement): () => void {
  const { visualViewport } = window;
  if (visualViewport === null) return () => undefined;
  const fit = () => {
    mount.style.setProperty("--seen", `${visualViewport.height}px`);
    mount.style.setProperty("--top", `${visualViewport.offsetTop}px`);
  };
  fit();
  visualViewport.addEventListener("resize", fit);
  visualViewport.addEventListener("scroll", fit);
  return () => {
    visualViewport.removeEventListener("resize", fit);
    visualViewport.removeEventListener("scroll", fit);
  };
}

function keepInside(mount: HTMLElement, event: KeyboardEvent): void {
  if (event.key !== "Tab") return;
  const reachable = [...mount.querySelectorAll<HTMLElement>(REACHABLE)].filter(
    (element) => !element.hasAttribute("disabled"),
  );
  const active = (mount.getRootNode() as ShadowRoot).activeElement;
  const edge = event.shiftKey ? reachable[0] : reachable.at(-1);
  if (active !== edge) return;
  event.preventDefault();
  (event.shiftKey ? reachable.at(-1) : reachable[0])?.focus();
}
