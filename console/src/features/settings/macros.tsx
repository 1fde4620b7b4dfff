import { Workflow } from "lucide-react";
import { Empty } from "../../shared/ui/empty";
import { Card } from "../../shared/ui/page";
import { Cell, Row, Table } from "../../shared/ui/table";
import { useScreenWords } from "../../shared/words/screen-words";
import { ActionList } from "./macro-actions";
import { ForEverybody, OwnedEditor, OwnedListHead, OwnedSection } from "./owned";
import { Fields, ItemLink, NameField, NEW, type PartProps } from "./parts";
import type { SectionProps } from "./sections";
import { MACROS, type Macro, useMacros } from "./texts";

/** What is done in one go: words first, then acts. */
export function Macros({ id }: SectionProps) {
  return (
    <OwnedSection
      id={id}
      all={useMacros()}
      icon={Workflow}
      list={(macros) => <List macros={macros} />}
      editor={(saved) => <Editor key={saved?.id ?? NEW} saved={saved} />}
    />
  );
}

function List({ macros }: { readonly macros: readonly Macro[] }) {
  const { t } = useScreenWords();
  return (
    <>
      <OwnedListHead
        section="macros"
        title={t("macros")}
        hint={t("macrosHint")}
        make={t("newMacro")}
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
  return (
    <OwnedEditor<Macro>
      saved={saved}
      blank={BLANK}
      section="macros"
      path={MACROS[0]}
      titles={{ all: t("macros"), one: saved?.name ?? t("newMacro") }}
      isBad={({ name, actions }) => name.trim() === "" || actions.length === 0}
    >
      {(part) => <MacroFields {...part} />}
    </OwnedEditor>
  );
}

function MacroFields({ draft, problems, mayChange }: PartProps<Omit<Macro, "id">>) {
  const { t } = useScreenWords();
  const { name, actions, shared } = draft.value;
  return (
    <>
      <Card title={t("basics")}>
        <Fields mayChange={mayChange}>
          <NameField
            value={name}
            problem={problems.name}
            onChange={(value) => draft.set({ name: value })}
          />
          <ForEverybody isOn={shared} onChange={(value) => draft.set({ shared: value })} />
        </Fields>
      </Card>
      <Card title={t("does")} hint={problems.actions ?? t("doesHint")}>
        <ActionList
          actions={actions}
          mayChange={mayChange}
          onChange={(value) => draft.set({ actions: value })}
        />
      </Card>
    </>
  );
}
