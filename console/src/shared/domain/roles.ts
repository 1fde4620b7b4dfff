/** What a role may do here; the server decides, this only spares people refusals. */
export type Role = "agent" | "supervisor" | "admin";

export function isSenior(role: string): boolean {
  return role === "supervisor" || role === "admin";
}

export function isAdmin(role: string): boolean {
  return role === "admin";
}

export function roleKey(role: string): `role-${Role}` {
  return role === "admin" || role === "supervisor" ? `role-${role}` : "role-agent";
}
