import { create } from "zustand";

/**
 * The conversation that was just taken: its composer takes the focus, or the first words of an
 * answer would act as single keys, and an "e" resolves.
 */
export const useToWrite = create<{ readonly conv: string | null }>(() => ({ conv: null }));

export function wantToWrite(conv: string | null): void {
  useToWrite.setState({ conv });
}
