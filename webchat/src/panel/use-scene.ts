import { useEffect, useState } from "preact/hooks";
import type { Modules } from "../modules";
import type { Scene } from "./scene";

let scene: Scene;

/** A page has one panel: what is drawn from now on is of this scene. */
export function present(shown: Scene): void {
  scene = shown;
}

export function useScene(): Scene {
  return scene;
}

/** What is not always needed, fetched when it is first drawn; undefined until it is here. */
export function useExtras(wanted = true): Modules["extras"] | undefined {
  const { host } = scene;
  const [extras, keep] = useState<Modules["extras"]>();
  useEffect(() => {
    if (wanted) host.load("extras").then(keep, host.onError);
  }, [host, wanted]);
  return extras;
}
