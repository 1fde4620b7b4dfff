/** The token of a link like `/console/invite#<token>`; undefined on every other page. */
export function invitationIn({
  pathname,
  hash,
}: Pick<Location, "pathname" | "hash">): string | undefined {
  const isInvitation = pathname === "/console/invite" && hash.length > 1;
  return isInvitation ? decodeURIComponent(hash.slice(1)) : undefined;
}
