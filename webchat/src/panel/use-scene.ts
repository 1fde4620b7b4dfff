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

/** The time now, told anew every second while `active`. */
export function useNow(active: boolean): number {
  const [nowMs, setNowMs] = useState(Date.now());
  useEffect(() => {
    if (!active) return;
    setNowMs(Date.now());
    const timer = setInterval(() => setNowMs(Date.now()), 1_000);
    return () => clearInterval(timer);
  }, [active]);
  return nowMs;
}

/** A part that is fetched when it is first drawn; undefined until it is here. */
export function usePart<N extends keyof Modules>(name: N, wanted = true): Modules[N] | undefined {
  const { host } = useScene();
  const [part, setPart] = useState<{ module?: Modules[N] }>({});
  useEffect(() => {
    if (!wanted) return;
    let alive = true;
    host.load(name).then((module) => alive && setPart({ module }), host.onError);
    return () => {
      alive = false;
    };
  }, [host, name, wanted]);
  return part.module;
}
