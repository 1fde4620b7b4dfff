import { FileUp, Plus, RefreshCw, X } from "lucide-react";
import { useRef } from "react";
import { problemOf, useChange } from "../../shared/api/changes";
import { isAdmin } from "../../shared/domain/roles";
import { useSession } from "../../shared/live/session";
import { Button } from "../../shared/ui/button";
import { AreaField, SelectField, TextField } from "../../shared/ui/form";
import { Card } from "../../shared/ui/page";
import { SaveBar } from "../../shared/ui/save-bar";
import { Answer } from "../../shared/ui/states";
import { showToast } from "../../shared/ui/toasts";
import { type Draft, useDraft } from "../../shared/ui/use-draft";
import { useScreenWords } from "../../shared/words/screen-words";
import { Fields, Head, LookOnly, NameField, NEW, type PartProps } from "./parts";
import { Removal } from "./removal";
import {
  BLANK,
  bodyOf,
  draftOf,
  isComplete,
  KINDS,
  type Pair,
  readSource,
  SOURCE,
  SOURCES,
  type SourceDraft,
  useSource,
  type WholeSource,
} from "./source-shapes";
import { Standing } from "./source-state";
import { useOpen } from "./use-open";

const CHANGED = [SOURCES, SOURCE];

export function SourceEditor({ id }: { readonly id: string }) {
  return id === NEW ? <Editor saved={undefined} /> : <Known id={id} />;
}

function Known({ id }: { readonly id: string }) {
  const source = useSource(id);
  return <Answer of={source}>{(saved) => <Editor saved={saved} />}</Answer>;
}

/** What one source says, and where it stands. */
function Editor({ saved }: { readonly saved: WholeSource | undefined }) {
  const { t } = useScreenWords();
  const mayChange = isAdmin(useSession().agent.role);
  const open = useOpen("knowledge");
  const draft = useDraft<SourceDraft>(saved === undefined ? BLANK : draftOf(saved));
  const path = saved === undefined ? SOURCES[1] : `${SOURCES[1]}/${saved.id}`;
  const save = useChange<WholeSource>({
    changes: CHANGED,
    onDone: ({ id }) => {
      draft.reset();
      if (saved === undefined) open(id);
    },
  });
  const part = { draft, problems: problemOf(save.error), mayChange };
  return (
    <>
      <Head
        title={saved?.name ?? t("newSource")}
        backTo={{ section: "knowledge", name: t("knowledge") }}
        actions={mayChange && saved !== undefined && <Acts saved={saved} path={path} />}
      />
      {!mayChange && <LookOnly />}
      {saved !== undefined && (
        <Card title={t("sourceState")}>
          <Standing source={saved} />
        </Card>
      )}
      <Basics {...part} />
      {draft.value.kind === "qa" ? <Pairs {...part} /> : <Words {...part} />}
      <SaveBar
        isChanged={draft.isChanged}
        isSaving={save.isPending}
        isBad={!isComplete(draft.value)}
        onReset={draft.reset}
        onSave={() =>
          save.mutate({
            path,
            method: saved === undefined ? "POST" : "PATCH",
            body: bodyOf(draft.value),
          })
        }
      />
    </>
  );
}

function Acts({ saved, path }: { readonly saved: WholeSource; readonly path: string }) {
  const { t } = useScreenWords();
  const again = useChange({ changes: CHANGED, said: t("indexedAgain") });
  return (
    <>
      <Button
        disabled={again.isPending}
        onClick={() => again.mutate({ path: `${path}/reindex`, method: "POST" })}
      >
        <RefreshCw className="size-4" aria-hidden="true" /> {t("indexAgain")}
      </Button>
      <Removal name={saved.name} path={path} changes={[SOURCES]} section="knowledge">
        {t("removeSourceHint")}
      </Removal>
    </>
  );
}

function Basics({ draft, problems, mayChange }: PartProps<SourceDraft>) {
  const { t } = useScreenWords();
  const { name, language, kind } = draft.value;
  return (
    <Card
      title={t("basics")}
      actions={mayChange && <ReadFile draft={draft} />}
      hint={t("readFileHint")}
    >
      <Fields mayChange={mayChange}>
        <NameField
          value={name}
          problem={problems.name}
          onChange={(value) => draft.set({ name: value })}
        />
        <SelectField
          label={t("sourceKind")}
          value={kind}
          options={KINDS.map((one) => ({ value: one, label: t(`sourceKind-${one}`) }))}
          onChange={(value) => draft.set({ kind: value as SourceDraft["kind"] })}
        />
        <TextField
          label={t("language")}
          value={language}
          hint={t("sourceLanguageHint")}
          problem={problems.language}
          maxLength={3}
          onChange={(value) => draft.set({ language: value.trim().toLowerCase() })}
        />
      </Fields>
    </Card>
  );
}

/** Let a file say it. What cannot be read changes nothing. */
function ReadFile({ draft }: { readonly draft: Draft<SourceDraft> }) {
  const { t } = useScreenWords();
  const input = useRef<HTMLInputElement>(null);
  const read = async (file: File) => {
    const found = readSource(file.name, await file.text().catch(() => ""));
    if (found === null) showToast({ text: t("fileUnreadable"), tone: "problem" });
    // A name that was chosen stays.
    else draft.set(draft.value.name === "" ? found : { ...found, name: draft.value.name });
  };
  return (
    <>
      <Button onClick={() => input.current?.click()}>
        <FileUp className="size-4" aria-hidden="true" /> {t("readFile")}
      </Button>
      <input
        ref={input}
        type="file"
        hidden
        tabIndex={-1}
        accept=".md,.markdown,.txt,.json"
        onChange={({ currentTarget }) => {
          const [file] = currentTarget.files ?? [];
          if (file !== undefined) void read(file);
          currentTarget.value = "";
        }}
      />
    </>
  );
}

function Words({ draft, problems, mayChange }: PartProps<SourceDraft>) {
  const { t } = useScreenWords();
  return (
    <Card title={t("text")}>
      <fieldset disabled={!mayChange}>
        <AreaField
          label={t("text")}
          value={draft.value.content}
          hint={t("sourceTextHint")}
          problem={problems.content}
          rows={18}
          onChange={(content) => draft.set({ content })}
        />
      </fieldset>
    </Card>
  );
}

function Pairs({ draft, problems, mayChange }: PartProps<SourceDraft>) {
  const { t } = useScreenWords();
  const { pairs } = draft.value;
  const put = (at: number, part: Partial<Pair>) =>
    draft.set({ pairs: pairs.map((one, index) => (index === at ? { ...one, ...part } : one)) });
  return (
    <Card title={t("sourceKind-qa")} hint={problems.pairs}>
      <fieldset disabled={!mayChange} className="flex flex-col gap-5">
        {pairs.map((pair, at) => (
          <PairFields
            // biome-ignore lint/suspicious/noArrayIndexKey: rows have no other name.
            key={at}
            pair={pair}
            onChange={(part) => put(at, part)}
            onRemove={() => draft.set({ pairs: pairs.filter((_, index) => index !== at) })}
          />
        ))}
        {mayChange && (
          <Button
            className="self-start"
            onClick={() => draft.set({ pairs: [...pairs, { question: "", answer: "" }] })}
          >
            <Plus className="size-4" aria-hidden="true" /> {t("addQuestion")}
          </Button>
        )}
      </fieldset>
    </Card>
  );
}

interface PairProps {
  readonly pair: Pair;
  readonly onChange: (part: Partial<Pair>) => void;
  readonly onRemove: () => void;
}

const QUESTION_MAX = 500;
const ANSWER_MAX = 10_000;

function PairFields({ pair: { question, answer }, onChange, onRemove }: PairProps) {
  const { t } = useScreenWords();
  return (
    <div className="flex items-start gap-2 border-b border-line pb-5 last:border-0 last:pb-0">
      <div className="flex min-w-0 flex-1 flex-col gap-3">
        <TextField
          label={t("question")}
          value={question}
          dir="auto"
          maxLength={QUESTION_MAX}
          onChange={(value) => onChange({ question: value })}
        />
        <AreaField
          label={t("answer")}
          value={answer}
          maxLength={ANSWER_MAX}
          onChange={(value) => onChange({ answer: value })}
        />
      </div>
      <Button
        look="quiet"
        size="icon"
        className="mt-6"
        aria-label={t("removeName", { name: question || t("question") })}
        onClick={onRemove}
      >
        <X className="size-4" aria-hidden="true" />
      </Button>
    </div>
  );
}
