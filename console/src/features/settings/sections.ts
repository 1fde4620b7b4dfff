import {
  BookOpen,
  Bot,
  Building2,
  Fingerprint,
  Gauge,
  HeartPulse,
  KeyRound,
  type LucideIcon,
  MessageSquareCode,
  MessageSquareQuote,
  Route,
  ScrollText,
  Tags,
  UserRoundCog,
  UsersRound,
  Workflow,
} from "lucide-react";
import { type ComponentType, type LazyExoticComponent, lazy } from "react";
import type { WordKey } from "../../shared/words/locale";
import type { ScreenKey } from "../../shared/words/screen-words";

export interface SectionProps {
  /** What of the section is open. */
  readonly id: string | undefined;
}

interface Section {
  readonly key: string;
  readonly title: ScreenKey | WordKey;
  readonly icon: LucideIcon;
  /** Who may look; the server decides again. */
  readonly for: "everybody" | "seniors" | "admins";
  readonly group: "people" | "channels" | "ai" | "system";
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
  {
    key: "inboxes",
    title: "inboxes",
    icon: MessageSquareCode,
    for: "seniors",
    group: "channels",
    component: lazy(async () => ({ default: (await import("./inboxes")).Inboxes })),
  },
  {
    key: "replies",
    title: "cannedReplies",
    icon: MessageSquareQuote,
    for: "everybody",
    group: "channels",
    component: lazy(async () => ({ default: (await import("./replies")).Replies })),
  },
  {
    key: "macros",
    title: "macros",
    icon: Workflow,
    for: "everybody",
    group: "channels",
    component: lazy(async () => ({ default: (await import("./macros")).Macros })),
  },
  {
    key: "labels",
    title: "labels",
    icon: Tags,
    for: "everybody",
    group: "channels",
    component: lazy(async () => ({ default: (await import("./labels")).Labels })),
  },
  {
    key: "bots",
    title: "bots",
    icon: Bot,
    for: "seniors",
    group: "ai",
    component: lazy(async () => ({ default: (await import("./bots")).Bots })),
  },
  {
    key: "knowledge",
    title: "knowledge",
    icon: BookOpen,
    for: "seniors",
    group: "ai",
    component: lazy(async () => ({ default: (await import("./knowledge")).Knowledge })),
  },
  {
    key: "usage",
    title: "usage",
    icon: Gauge,
    for: "admins",
    group: "ai",
    component: lazy(async () => ({ default: (await import("./usage")).UsageSection })),
  },
  {
    key: "workspace",
    title: "workspace",
    icon: Building2,
    for: "admins",
    group: "system",
    component: lazy(async () => ({ default: (await import("./workspace")).Workspace })),
  },
  {
    key: "api-keys",
    title: "apiKeys",
    icon: KeyRound,
    for: "admins",
    group: "system",
    component: lazy(async () => ({ default: (await import("./api-keys")).ApiKeys })),
  },
  {
    key: "identity",
    title: "identity",
    icon: Fingerprint,
    for: "admins",
    group: "system",
    component: lazy(async () => ({ default: (await import("./identity")).Identity })),
  },
  {
    key: "audit",
    title: "auditLog",
    icon: ScrollText,
    for: "admins",
    group: "system",
    component: lazy(async () => ({ default: (await import("./audit")).Audit })),
  },
  {
    key: "health",
    title: "health",
    icon: HeartPulse,
    for: "admins",
    group: "system",
    component: lazy(async () => ({ default: (await import("./health")).HealthSection })),
  },
];

export const GROUPS = ["people", "channels", "ai", "system"] as const;

/** What a role sees first. */
export function firstSection(role: string): string {
  return SECTIONS.find((one) => mayOpen(one, role))?.key ?? "replies";
}

export function mayOpen(section: Section, role: string): boolean {
  if (section.for === "everybody") return true;
  return role === "admin" || (section.for === "seniors" && role === "supervisor");
}
