import { type AnyRoute, createRoute, lazyRouteComponent, redirect } from "@tanstack/react-router";
import { readContactSearch } from "../features/contacts/shapes";
import { readReportSearch } from "../features/reports/range";
import { readSearchParams } from "../features/search/search-params";
import { readSettingsSearch } from "../features/settings/settings-search";

/** The pages beside the inbox. None of their code is in the first load. */
export function screenRoutes<R extends AnyRoute>(root: R) {
  const reportsHome = createRoute({
    getParentRoute: () => root,
    path: "/reports",
    beforeLoad: () => {
      throw redirect({ to: "/reports/$report", params: { report: "escalation" }, replace: true });
    },
  });
  const reports = createRoute({
    getParentRoute: () => root,
    path: "/reports/$report",
    validateSearch: readReportSearch,
    component: lazyRouteComponent(() => import("../features/reports/reports-page"), "ReportsPage"),
  });
  const contacts = createRoute({
    getParentRoute: () => root,
    path: "/contacts",
    validateSearch: readContactSearch,
    component: lazyRouteComponent(
      () => import("../features/contacts/contacts-page"),
      "ContactsPage",
    ),
  });
  const contact = createRoute({ getParentRoute: () => contacts, path: "$contactId" });
  const live = createRoute({
    getParentRoute: () => root,
    path: "/live",
    component: lazyRouteComponent(() => import("../features/live/live-page"), "LivePage"),
  });
  const search = createRoute({
    getParentRoute: () => root,
    path: "/search",
    validateSearch: readSearchParams,
    component: lazyRouteComponent(() => import("../features/search/search-page"), "SearchPage"),
  });
  const settings = createRoute({
    getParentRoute: () => root,
    path: "/settings",
    component: lazyRouteComponent(
      () => import("../features/settings/settings-page"),
      "SettingsPage",
    ),
  });
  const section = createRoute({
    getParentRoute: () => settings,
    path: "$section",
    validateSearch: readSettingsSearch,
  });
  const item = createRoute({ getParentRoute: () => section, path: "$id" });
  return [
    live,
    contacts.addChildren([contact]),
    search,
    reportsHome,
    reports,
    settings.addChildren([section.addChildren([item])]),
  ] as const;
}
