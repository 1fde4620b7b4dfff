import { useMutation } from "@tanstack/react-query";
import { type FormEvent, useState } from "react";
import { useSession } from "../../shared/live/session";
import { Button } from "../../shared/ui/button";
import { TextField } from "../../shared/ui/form";
import { Card } from "../../shared/ui/page";
import { Problem } from "../../shared/ui/states";
import { useScreenWords } from "../../shared/words/screen-words";
import { ItemLink } from "./parts";

interface Trial {
  /** From 0 to 1. */
  readonly confidence: number;
  readonly items: readonly Found[];
}

interface Found {
  readonly id: string;
  readonly sourceId: string;
  readonly title: string;
  readonly text: string;
}

const QUESTION_MAX = 500;

/** Ask like a customer, and see what the bot would have to answer with. */
export function KnowledgeTrial() {
  const { t } = useScreenWords();
  const { client } = useSession();
  const [question, setQuestion] = useState("");
  const trial = useMutation({
    mutationFn: (asked: string) =>
      client.request<Trial>("/admin/knowledge/ask", { method: "POST", body: { question: asked } }),
  });
  const ask = (event: FormEvent) => {
    event.preventDefault();
    if (question.trim() !== "") trial.mutate(question.trim());
  };
  return (
    <Card title={t("tryOut")} hint={t("tryOutHint")}>
      <form className="flex items-end gap-2" onSubmit={ask}>
        <TextField
          label={t("question")}
          value={question}
          dir="auto"
          maxLength={QUESTION_MAX}
          fieldClass="flex-1"
          onChange={setQuestion}
        />
        <Button type="submit" disabled={question.trim() === "" || trial.isPending}>
          {t("askIt")}
        </Button>
      </form>
      <div aria-live="polite">
        {trial.data !== undefined && <Answers trial={trial.data} />}
        {trial.isError && (
          <Problem cause={trial.error} onRetry={() => trial.mutate(question.trim())} />
        )}
      </div>
    </Card>
  );
}

function Answers({ trial: { confidence, items } }: { readonly trial: Trial }) {
  const { t, locale } = useScreenWords();
  const percent = new Intl.NumberFormat(locale, { style: "percent" }).format(confidence);
  if (items.length === 0) return <p className="mt-4 text-sm text-muted">{t("nothingKnown")}</p>;
  return (
    <div className="mt-4 flex flex-col gap-3" data-found>
      <p className="text-sm">{t("howSure", { value: percent })}</p>
      <ol className="flex flex-col gap-3">
        {items.map(({ id, sourceId, title, text }) => (
          <li key={id} className="rounded-lg bg-sunken px-4 py-2.5 text-sm">
            <ItemLink section="knowledge" id={sourceId}>
              {title}
            </ItemLink>
            <p dir="auto" className="line-clamp-3 whitespace-pre-wrap text-muted">
              {text}
            </p>
          </li>
        ))}
      </ol>
    </div>
  );
}
