import { type AnyRoute, createRoute, lazyRouteComponent } from "@tanstack/react-router";
import { readReportSearch } from "../features/reports/range";

/** The pages beside the inbox. None of their code is in the first load. */
export function screenRoutes<R extends AnyRoute>(root: R) {
  const reports = createRoute({
    getParentRoute: () => root,
    path: "/reports",
    validateSearch: readReportSearch,
    component: lazyRouteComponent(() => import("../features/reports/reports-page"), "ReportsPage"),
  });
  return [reports] as const;
}
