import { createElement, Fragment } from "preact";

/** Preact's own also escapes what servers render, which is half a kilobyte that no browser needs. */
export function jsx(type: string, props: Record<string, unknown>, key?: string) {
  return createElement(type, key === undefined ? props : { ...props, key });
}

export { Fragment, jsx as jsxs };
