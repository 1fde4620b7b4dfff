import { create } from "zustand";

/** Something that is decided, and done a little later, so that it can be taken back. */
export interface Later {
  readonly id: string;
  readonly conv: string;
  run(): void;
  /** The same for a page that goes away and waits for no answer. */
  runLeaving(): void;
}

export const UNDO_MS = 5_000;

interface LaterStore {
  readonly waiting: readonly Later[];
}

export const useLater = create<LaterStore>(() => ({ waiting: [] }));
const timers = new Map<string, ReturnType<typeof setTimeout>>();

/** Do it in five seconds, or at once when the page goes away; answers how to take it back. */
export function doLater(wish: Omit<Later, "id">): () => void {
  const later: Later = { id: crypto.randomUUID(), ...wish };
  useLater.setState(({ waiting }) => ({ waiting: [...waiting, later] }));
  timers.set(
    later.id,
    setTimeout(() => {
      forget(later);
      later.run();
    }, UNDO_MS),
  );
  return () => forget(later);
}

/** Whether something of a conversation is decided but not done. */
export function useIsDecided(conv: string): boolean {
  return useLater(({ waiting }) => waiting.some((one) => one.conv === conv));
}

/** The page goes away: what was decided holds. */
export function finishAll(): void {
  for (const later of useLater.getState().waiting) {
    forget(later);
    later.runLeaving();
  }
}

function forget(later: Later): void {
  clearTimeout(timers.get(later.id));
  timers.delete(later.id);
  useLater.setState(({ waiting }) => ({ waiting: waiting.filter((one) => one !== later) }));
}
