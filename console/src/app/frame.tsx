import type { InboxView } from "@chorus/sdk";
import { Outlet, useNavigate } from "@tanstack/react-router";
import { lazy, Suspense, useEffect, useState } from "react";
import { Banners } from "../features/availability/banners";
import { Offers } from "../features/offers/offers";
import { finishOnLeave } from "../shared/acts/conversation-acts";
import { followDrafts, saveDrafts } from "../shared/drafts/drafts";
import { useActions, useKeyboard, useModal } from "../shared/keys/use-keys";
import { unlockSound } from "../shared/notify/chime";
import { Toasts } from "../shared/ui/toasts";
import { Rail } from "./rail";
import { useActivity } from "./use-activity";
import { useNoFiles } from "./use-no-files";
import { usePlaces } from "./use-places";
import { useTakeNext } from "./use-take-next";
import { useTitleCount } from "./use-title-count";

const loadPalette = () => import("../features/palette/palette");
const Palette = lazy(async () => ({ default: (await loadPalette()).Palette }));
const CheatSheet = lazy(async () => ({
  default: (await import("../features/palette/cheat-sheet")).CheatSheet,
}));

/** What is around every page: the rail, offers, banners, the palette. */
export function Frame() {
  const navigate = useNavigate();
  const [open, setOpen] = useState<"palette" | "cheatSheet" | null>(null);
  const places = usePlaces();
  const openIn = (view: InboxView) => (conversationId: string) =>
    void navigate({ to: "/inbox/$view/$conversationId", params: { view, conversationId } });
  const openMine = openIn("mine");
  useKeyboard();
  useModal(open !== null);
  useEffect(() => void loadPalette().catch(() => undefined), []);
  useTitleCount();
  useActivity();
  useEffect(unlockSound, []);
  useEffect(finishOnLeave, []);
  useEffect(followDrafts, []);
  useNoFiles();
  useEffect(() => {
    window.addEventListener("pagehide", saveDrafts);
    return () => window.removeEventListener("pagehide", saveDrafts);
  }, []);
  useActions({
    palette: () => setOpen("palette"),
    cheatSheet: () => setOpen("cheatSheet"),
    takeNext: useTakeNext(openMine),
    ...Object.fromEntries(places.flatMap(({ action, go }) => (action ? [[action, go]] : []))),
  });
  const close = () => setOpen(null);
  return (
    <div className="flex h-full flex-col">
      <Banners />
      <div className="flex min-h-0 flex-1">
        <Rail onPalette={() => setOpen("palette")} />
        <Outlet />
      </div>
      <Offers onAccepted={openMine} />
      <Toasts />
      <Suspense>
        {open === "palette" && <Palette places={places} onClose={close} onOpen={openIn("all")} />}
        {open === "cheatSheet" && <CheatSheet isOpen onClose={close} />}
      </Suspense>
    </div>
  );
}
