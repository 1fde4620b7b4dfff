import { useEffect } from "react";
import { useSession } from "../shared/live/session";

const TOUCHES = ["pointerdown", "pointermove", "keydown", "wheel"] as const;

/** Whoever works here is not away, also while no customer comes. */
export function useActivity(): void {
  const { client } = useSession();
  useEffect(() => {
    const touched = () => client.active();
    for (const name of TOUCHES) window.addEventListener(name, touched, { passive: true });
    return () => {
      for (const name of TOUCHES) window.removeEventListener(name, touched);
    };
  }, [client]);
}
