import { asChorusError } from "@chorus/sdk";
import { type QueryKey, useMutation, useQueryClient } from "@tanstack/react-query";
import { useSession } from "../live/session";
import { showToast } from "../ui/toasts";
import { useScreenWords } from "../words/screen-words";

export interface Request {
  readonly path: string;
  readonly method: "POST" | "PUT" | "PATCH" | "DELETE";
  readonly body?: unknown;
}

interface ChangeOptions<T> {
  /** What is read again afterwards. */
  readonly changes: readonly QueryKey[];
  readonly onDone?: (answer: T) => void;
  /** Said in passing when it worked; "" for nothing. */
  readonly said?: string;
}

/** Change something on the server. A refusal is told in its own words, and what was typed stays. */
export function useChange<T = unknown>({ changes, onDone, said }: ChangeOptions<T>) {
  const { client } = useSession();
  const { t } = useScreenWords();
  const cache = useQueryClient();
  return useMutation<T, unknown, Request>({
    mutationFn: ({ path, ...call }) => client.request<T>(path, call),
    onSuccess: async (answer) => {
      await Promise.all(changes.map((queryKey) => cache.invalidateQueries({ queryKey })));
      if (said !== "") showToast({ text: said ?? t("saved") });
      onDone?.(answer);
    },
    onError: (cause) => showToast({ text: asChorusError(cause).message, tone: "problem" }),
  });
}

const NAMED = /^`?([a-z]\w*)[\w.[\]]*`?[:\s]/u;

/** The field that a refusal is about, and what it says of it; {} where it names none. */
export function problemOf(cause: unknown): Readonly<Record<string, string>> {
  if (cause == null) return {};
  const { status, message } = asChorusError(cause);
  const field = status === 422 ? NAMED.exec(message)?.[1] : undefined;
  return field === undefined ? {} : { [field]: message };
}
