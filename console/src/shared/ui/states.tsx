import { asChorusError } from "@chorus/sdk";
import { CloudOff, Lock, RotateCcw } from "lucide-react";
import type { ReactNode } from "react";
import { useScreenWords } from "../words/screen-words";
import { useWords } from "../words/words";
import { Button } from "./button";
import { Empty } from "./empty";

const KEYS = ["a", "b", "c", "d", "e", "f", "g", "h"] as const;

/** Where rows are about to be. */
export function Rows({ count = 4 }: { readonly count?: number }) {
  const { t } = useWords();
  return (
    <div role="status" className="flex flex-col gap-3 py-2">
      <span className="sr-only">{t("loading")}</span>
      {KEYS.slice(0, count).map((key) => (
        <span key={key} className="skeleton block h-9 rounded-md bg-sunken" aria-hidden="true" />
      ))}
    </div>
  );
}

interface Asked<T> {
  readonly data: T | undefined;
  readonly error: unknown;
  readonly refetch: () => unknown;
}

interface AnswerProps<T> {
  readonly of: Asked<T>;
  readonly children: (data: T) => ReactNode;
  readonly rows?: number;
}

/** What an answer holds, and until then why it is not there. Old news are better than none. */
export function Answer<T>({ of, children, rows }: AnswerProps<T>) {
  if (of.data !== undefined) return children(of.data);
  if (of.error != null) return <Problem cause={of.error} onRetry={() => void of.refetch()} />;
  return <Rows {...(rows === undefined ? {} : { count: rows })} />;
}

interface ProblemProps {
  readonly cause: unknown;
  readonly onRetry: () => void;
}

/** A refusal in the server's own words, or that it cannot be reached, with a way on. */
export function Problem({ cause, onRetry }: ProblemProps) {
  const { t } = useScreenWords();
  const { status, message } = asChorusError(cause);
  if (status === 403) return <NotAllowed />;
  return (
    <Empty icon={CloudOff} title={status === 0 ? t("unreachable") : message}>
      <Button onClick={onRetry}>
        <RotateCcw className="size-4" aria-hidden="true" /> {t("tryAgain")}
      </Button>
    </Empty>
  );
}

export function NotAllowed() {
  const { t } = useScreenWords();
  return (
    <Empty icon={Lock} title={t("notAllowed")}>
      {t("notAllowedHint")}
    </Empty>
  );
}
