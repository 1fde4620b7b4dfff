/** Stands here until accounts can be made over REST. */
export function Invite() {
  return null;
}
