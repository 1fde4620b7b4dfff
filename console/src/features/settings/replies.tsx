import { MessageSquareQuote } from "lucide-react";
import { useState } from "react";
import { Empty } from "../../shared/ui/empty";
import { TextField } from "../../shared/ui/form";
import { Card } from "../../shared/ui/page";
import { Cell, Row, Table } from "../../shared/ui/table";
import { useScreenWords } from "../../shared/words/screen-words";
import { ForEverybody, OwnedEditor, OwnedListHead, OwnedSection } from "./owned";
import { Fields, ItemLink, NameField, NEW, type PartProps } from "./parts";
import type { SectionProps } from "./sections";
import { matches, REPLIES, type Reply, useReplies } from "./texts";
import { VariableArea } from "./variable-area";

/** Texts that are written once: one's own, and everybody's. */
export function Replies({ id }: SectionProps) {
  return (
    <OwnedSection
      id={id}
      all={useReplies()}
      icon={MessageSquareQuote}
      list={(replies) => <List replies={replies} />}
      editor={(saved) => <Editor key={saved?.id ?? NEW} saved={saved} />}
    />
  );
}

function List({ replies }: { readonly replies: readonly Reply[] }) {
  const { t } = useScreenWords();
  const [wanted, setWanted] = useState("");
  const shown = replies.filter((one) => matches(one, wanted));
  return (
    <>
      <OwnedListHead
        section="replies"
        title={t("cannedReplies")}
        hint={t("cannedRepliesHint")}
        make={t("newReply")}
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
  return (
    <OwnedEditor<Reply>
      saved={saved}
      blank={BLANK}
      section="replies"
      path={REPLIES[0]}
      titles={{ all: t("cannedReplies"), one: saved?.title ?? t("newReply") }}
      isBad={({ shortcut, title, body }) =>
        [shortcut, title, body].some((text) => text.trim() === "")
      }
    >
      {(part) => <ReplyFields {...part} />}
    </OwnedEditor>
  );
}

function ReplyFields({ draft, problems, mayChange }: PartProps<Omit<Reply, "id">>) {
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
        <NameField
          value={title}
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
        <ForEverybody isOn={shared} onChange={(value) => draft.set({ shared: value })} />
      </fieldset>
    </Card>
  );
}
