import { type LucideIcon, Route, UserRoundCog, UsersRound } from "lucide-react";
import { type ComponentType, type LazyExoticComponent, lazy } from "react";
import type { ScreenKey } from "../../shared/words/screen-words";

export interface SectionProps {
  /** What of the section is open. */
  readonly id: string | undefined;
}

interface Section {
  readonly key: string;
  readonly title: ScreenKey;
  readonly icon: LucideIcon;
  /** Who may look; the server decides again. */
  readonly for: "everybody" | "seniors" | "admins";
  readonly group: "people" | "channels" | "system";
  readonly component: LazyExoticComponent<ComponentType<SectionProps>>;
}

export const SECTIONS: readonly Section[] = [
  {
    key: "queues",
    title: "queues",
    icon: Route,
    for: "seniors",
    group: "people",
    component: lazy(async () => ({ default: (await import("./queues")).Queues })),
  },
  {
    key: "agents",
    title: "agents",
    icon: UserRoundCog,
    for: "seniors",
    group: "people",
    component: lazy(async () => ({ default: (await import("./agents")).Agents })),
  },
  {
    key: "teams",
    title: "teams",
    icon: UsersRound,
    for: "seniors",
    group: "people",
    component: lazy(async () => ({ default: (await import("./teams")).Teams })),
  },
];

export const GROUPS = ["people", "channels", "system"] as const;

export function mayOpen(section: Section, role: string): boolean {
  if (section.for === "everybody") return true;
  return role === "admin" || (section.for === "seniors" && role === "supervisor");
}
