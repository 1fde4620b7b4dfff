import { type ComponentType, lazy } from "react";

/**
 * A lazy part that a page can do without. Where its code cannot be had (of a page from before an
 * upgrade, say), nothing stands in its place; what an act opens says so instead: `lazy`.
 */
export function decoration<P extends object>(load: () => Promise<ComponentType<P>>) {
  return lazy<ComponentType<P>>(() =>
    load().then(
      (part) => ({ default: part }),
      () => ({ default: () => null }),
    ),
  );
}
