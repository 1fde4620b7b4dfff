import {
  createRootRoute,
  createRoute,
  createRouter,
  lazyRouteComponent,
  redirect,
} from "@tanstack/react-router";
import { useSettings } from "../shared/settings/settings";
import { isConversation, isView, readSearch } from "./address";
import { Broken } from "./broken";
import { Frame } from "./frame";
import { InboxPage } from "./inbox-page";
import { Lost } from "./lost";
import { screenRoutes } from "./screen-routes";

const root = createRootRoute({ component: Frame, notFoundComponent: Lost });

const home = createRoute({
  getParentRoute: () => root,
  path: "/",
  beforeLoad: () => {
    throw redirect({ to: "/inbox/$view", params: { view: lastView() }, replace: true });
  },
});

const inboxHome = createRoute({
  getParentRoute: () => root,
  path: "/inbox",
  beforeLoad: () => {
    throw redirect({ to: "/inbox/$view", params: { view: lastView() }, replace: true });
  },
});

const view = createRoute({
  getParentRoute: () => root,
  path: "/inbox/$view",
  validateSearch: readSearch,
  beforeLoad: ({ params }) => {
    if (isView(params.view)) return;
    // Links that name a conversation only, as a notification writes them.
    if (!isConversation(params.view)) throw redirect({ to: "/inbox", replace: true });
    const conversation = { view: "all", conversationId: params.view };
    throw redirect({ to: "/inbox/$view/$conversationId", params: conversation, replace: true });
  },
  component: InboxPage,
});

const conversation = createRoute({
  getParentRoute: () => view,
  path: "$conversationId",
});

const profile = createRoute({
  getParentRoute: () => root,
  path: "/profile",
  component: lazyRouteComponent(() => import("../features/profile/profile-page"), "ProfilePage"),
});

const tree = root.addChildren([
  home,
  inboxHome,
  view.addChildren([conversation]),
  profile,
  ...screenRoutes(root),
]);

export function newRouter() {
  return createRouter({
    routeTree: tree,
    basepath: "/console",
    defaultPreload: "intent",
    defaultErrorComponent: Broken,
  });
}

function lastView(): string {
  const { lastView: known } = useSettings.getState();
  return isView(known) ? known : "all";
}

declare module "@tanstack/react-router" {
  interface Register {
    router: ReturnType<typeof newRouter>;
  }
}
