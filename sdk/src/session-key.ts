/**
 * Under which name everything of a visitor is kept. Each verified identity has a scope of its own,
 * so that what one person said is never painted for the next.
 */
export function visitorName(inboxKey: string, scope = ""): string {
  return scope === "" ? `chorus:${inboxKey}` : `chorus:${inboxKey}:${scope}`;
}

/** Where the session of a visitor of this inbox is kept. */
export function visitorSessionKey(inboxKey: string, scope = ""): string {
  return `${visitorName(inboxKey, scope)}:session`;
}
