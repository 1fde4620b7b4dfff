import { create } from "zustand";

/** Conversations that were marked unread here: they count as unread although they were read. */
export const useMarked = create<{ readonly convs: ReadonlySet<string> }>(() => ({
  convs: new Set(),
}));

export function mark(conv: string): void {
  useMarked.setState(({ convs }) => ({ convs: new Set([...convs, conv]) }));
}

/** Answers whether it was marked. */
export function unmark(conv: string): boolean {
  const { convs } = useMarked.getState();
  if (!convs.has(conv)) return false;
  useMarked.setState({ convs: new Set([...convs].filter((one) => one !== conv)) });
  return true;
}
