import { Plus, Workflow } from "lucide-react";
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
import { useDraft } from "../../shared/ui/use-draft";
import { useScreenWords } from "../../shared/words/screen-words";
import { ActionList } from "./macro-actions";
import { Fields, Head, ItemLink, LookOnly, NEW } from "./parts";
import { RemoveOwned } from "./remove-owned";
import type { SectionProps } from "./sections";
import { MACROS, type Macro, useMacros } from "./texts";
import { useOpen } from "./use-open";

/** What is done in one go: words first, then acts. */
export function Macros({ id }: SectionProps) {
  const { t } = useScreenWords();
  const macros = useMacros();
  if (id === NEW) return <Editor key={NEW} saved={undefined} />;
  return (
    <Answer of={macros}>
      {(found) => {
        if (id === undefined) return <List macros={found} />;
        const macro = found.find((one) => one.id === id);
        return macro === undefined ? (
          <Empty icon={Workflow} title={t("gone")} />
        ) : (
          <Editor key={macro.id} saved={macro} />
        );
      }}
    </Answer>
  );
}

function List({ macros }: { readonly macros: readonly Macro[] }) {
  const { t } = useScreenWords();
  const open = useOpen("macros");
  return (
    <>
      <Head
        title={t("macros")}
        hint={t("macrosHint")}
        actions={
          <Button look="primary" onClick={() => open(NEW)}>
            <Plus className="size-4" aria-hidden="true" /> {t("newMacro")}
          </Button>
        }
      />
      <Card title={t("macros")} isFlush>
        {macros.length === 0 ? (
          <Empty icon={Workflow} title={t("noMacros")}>
            {t("macrosHint")}
          </Empty>
        ) : (
          <Table label={t("macros")} head={[t("name"), t("does"), t("whose")]}>
            {macros.map((one) => (
              <Row key={one.id}>
                <Cell>
                  <ItemLink section="macros" id={one.id}>
                    {one.name}
                  </ItemLink>
                </Cell>
                <Cell className="text-muted">
                  {one.actions.map((action) => t(`act-${action.do}`)).join(" · ")}
                </Cell>
                <Cell>{t(one.shared ? "everybodys" : "mine")}</Cell>
              </Row>
            ))}
          </Table>
        )}
      </Card>
    </>
  );
}

const BLANK = { name: "", actions: [], shared: false };

function Editor({ saved }: { readonly saved: Macro | undefined }) {
  const { t } = useScreenWords();
  const senior = isSenior(useSession().agent.role);
  const open = useOpen("macros");
  const mayChange = senior || saved?.shared !== true;
  const draft = useDraft<Omit<Macro, "id">>(saved ?? BLANK);
  const save = useChange<Macro>({
    changes: [MACROS],
    onDone: ({ id }) => {
      draft.reset();
      if (saved === undefined) open(id);
    },
  });
  const problems = problemOf(save.error);
  const { name, actions, shared } = draft.value;
  return (
    <>
      <Head
        title={saved?.name ?? t("newMacro")}
        backTo={{ section: "macros", name: t("macros") }}
        actions={
          saved !== undefined &&
          mayChange && (
            <RemoveOwned
              name={saved.name}
              path={`/livechat/macros/${saved.id}`}
              list={MACROS}
              section="macros"
            />
          )
        }
      />
      {!mayChange && <LookOnly />}
      <Card title={t("basics")}>
        <Fields mayChange={mayChange}>
          <TextField
            label={t("name")}
            value={name}
            dir="auto"
            problem={problems.name}
            onChange={(value) => draft.set({ name: value })}
          />
          <Switch
            label={t("forEverybody")}
            hint={t("forEverybodyHint")}
            isOn={shared}
            isDisabled={!senior}
            onChange={(value) => draft.set({ shared: value })}
          />
        </Fields>
      </Card>
      <Card title={t("does")} hint={problems.actions ?? t("doesHint")}>
        <ActionList
          actions={actions}
          mayChange={mayChange}
          onChange={(value) => draft.set({ actions: value })}
        />
      </Card>
      <SaveBar
        isChanged={draft.isChanged}
        isSaving={save.isPending}
        isBad={name.trim() === "" || actions.length === 0}
        onReset={draft.reset}
        onSave={() =>
          save.mutate(
            saved === undefined
              ? { path: "/livechat/macros", method: "POST", body: draft.value }
              : { path: `/livechat/macros/${saved.id}`, method: "PATCH", body: draft.changes },
          )
        }
      />
    </>
  );
}
