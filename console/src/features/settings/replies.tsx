import { MessageSquareQuote, Plus } from "lucide-react";
import { useState } from "react";
import { problemOf, useChange } from "../../shared/api/changes";
import { isSenior } from "../../shared/domain/roles";
import { useSession } from "../../shared/live/session";
import { Button } from "../../shared/ui/button";
import { Empty } from "../../shared/ui/empty";
import { Switch, TextField } from "../../shared/ui/form";
import { Card } from "../../shared/ui/page";
import { SaveBar } from "../../shared/ui/save-bar";
import { Answer } from "../../shared/ui/states";
import { Cell, Row, Table } from "../../shared/ui/table";
import { type Draft, useDraft } from "../../shared/ui/use-draft";
import { useScreenWords } from "../../shared/words/screen-words";
import { Fields, Head, ItemLink, LookOnly, NEW } from "./parts";
import { RemoveOwned } from "./remove-owned";
import type { SectionProps } from "./sections";
import { matches, REPLIES, type Reply, useReplies } from "./texts";
import { useOpen } from "./use-open";
import { VariableArea } from "./variable-area";

/** Texts that are written once: one's own, and everybody's. */
export function Replies({ id }: SectionProps) {
  const { t } = useScreenWords();
  const replies = useReplies();
  if (id === NEW) return <Editor key={NEW} saved={undefined} />;
  return (
    <Answer of={replies}>
      {(found) => {
        if (id === undefined) return <List replies={found} />;
        const reply = found.find((one) => one.id === id);
        return reply === undefined ? (
          <Empty icon={MessageSquareQuote} title={t("gone")} />
        ) : (
          <Editor key={reply.id} saved={reply} />
        );
      }}
    </Answer>
  );
}

function List({ replies }: { readonly replies: readonly Reply[] }) {
  const { t } = useScreenWords();
  const [wanted, setWanted] = useState("");
  const open = useOpen("replies");
  const shown = replies.filter((one) => matches(one, wanted));
  return (
    <>
      <Head
        title={t("cannedReplies")}
        hint={t("cannedRepliesHint")}
        actions={
          <Button look="primary" onClick={() => open(NEW)}>
            <Plus className="size-4" aria-hidden="true" /> {t("newReply")}
          </Button>
        }
      />
      <Card
        title={t("cannedReplies")}
        isFlush
        actions={
          <input
            type="search"
            dir={wanted === "" ? undefined : "auto"}
            className="field w-56"
            aria-label={t("filter")}
            placeholder={t("filter")}
            value={wanted}
            onChange={(event) => setWanted(event.target.value)}
          />
        }
      >
        {shown.length === 0 ? (
          <Empty icon={MessageSquareQuote} title={t("noReplies")} />
        ) : (
          <Table
            label={t("cannedReplies")}
            head={[t("shortcut"), t("name"), t("text"), t("language"), t("whose")]}
          >
            {shown.map((one) => (
              <Row key={one.id}>
                <Cell>
                  <ItemLink section="replies" id={one.id}>
                    /{one.shortcut}
                  </ItemLink>
                </Cell>
                <Cell>
                  <bdi>{one.title}</bdi>
                </Cell>
                <Cell className="max-w-80 truncate text-muted">
                  <bdi>{one.body}</bdi>
                </Cell>
                <Cell>{one.language}</Cell>
                <Cell>{t(one.shared ? "everybodys" : "mine")}</Cell>
              </Row>
            ))}
          </Table>
        )}
      </Card>
    </>
  );
}

const BLANK = { shortcut: "", title: "", body: "", language: "en", shared: false };

function Editor({ saved }: { readonly saved: Reply | undefined }) {
  const { t } = useScreenWords();
  const senior = isSenior(useSession().agent.role);
  const open = useOpen("replies");
  const mayChange = senior || saved?.shared !== true;
  const draft = useDraft<Omit<Reply, "id">>(saved ?? BLANK);
  const save = useChange<Reply>({
    changes: [REPLIES],
    onDone: ({ id }) => {
      draft.reset();
      if (saved === undefined) open(id);
    },
  });
  const { shortcut, title, body } = draft.value;
  return (
    <>
      <Head
        title={saved?.title ?? t("newReply")}
        backTo={{ section: "replies", name: t("cannedReplies") }}
        actions={
          saved !== undefined &&
          mayChange && (
            <RemoveOwned
              name={saved.title}
              path={`/livechat/canned-replies/${saved.id}`}
              list={REPLIES}
              section="replies"
            />
          )
        }
      />
      {!mayChange && <LookOnly />}
      <ReplyFields {...{ draft, mayChange }} problems={problemOf(save.error)} isSenior={senior} />
      <SaveBar
        isChanged={draft.isChanged}
        isSaving={save.isPending}
        isBad={[shortcut, title, body].some((text) => text.trim() === "")}
        onReset={draft.reset}
        onSave={() =>
          save.mutate(
            saved === undefined
              ? { path: "/livechat/canned-replies", method: "POST", body: draft.value }
              : {
                  path: `/livechat/canned-replies/${saved.id}`,
                  method: "PATCH",
                  body: draft.changes,
                },
          )
        }
      />
    </>
  );
}

interface FieldsProps {
  readonly draft: Draft<Omit<Reply, "id">>;
  readonly problems: Readonly<Record<string, string>>;
  readonly mayChange: boolean;
  readonly isSenior: boolean;
}

function ReplyFields({ draft, problems, mayChange, isSenior: senior }: FieldsProps) {
  const { t } = useScreenWords();
  const { shortcut, title, body, language, shared } = draft.value;
  return (
    <Card title={t("basics")}>
      <Fields mayChange={mayChange}>
        <TextField
          label={t("shortcut")}
          value={shortcut}
          hint={t("shortcutHint")}
          problem={problems.shortcut}
          onChange={(value) => draft.set({ shortcut: value })}
        />
        <TextField
          label={t("name")}
          value={title}
          dir="auto"
          problem={problems.title}
          onChange={(value) => draft.set({ title: value })}
        />
        <TextField
          label={t("language")}
          value={language}
          problem={problems.language}
          onChange={(value) => draft.set({ language: value })}
        />
      </Fields>
      <fieldset disabled={!mayChange} className="mt-4 flex flex-col gap-4">
        <VariableArea
          label={t("text")}
          value={body}
          problem={problems.body}
          onChange={(value) => draft.set({ body: value })}
        />
        <Switch
          label={t("forEverybody")}
          hint={t("forEverybodyHint")}
          isOn={shared}
          isDisabled={!senior}
          onChange={(value) => draft.set({ shared: value })}
        />
      </fieldset>
    </Card>
  );
}
