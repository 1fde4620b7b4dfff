import type { UseQueryResult } from "@tanstack/react-query";
import { type LucideIcon, Plus } from "lucide-react";
import type { ReactNode } from "react";
import { problemOf, useChange } from "../../shared/api/changes";
import { isSenior } from "../../shared/domain/roles";
import { useSession } from "../../shared/live/session";
import { Button } from "../../shared/ui/button";
import { Empty } from "../../shared/ui/empty";
import { Switch } from "../../shared/ui/form";
import { SaveBar } from "../../shared/ui/save-bar";
import { Answer } from "../../shared/ui/states";
import { useDraft } from "../../shared/ui/use-draft";
import { useScreenWords } from "../../shared/words/screen-words";
import { Head, LookOnly, NEW, type PartProps } from "./parts";
import { Removal } from "./removal";
import { useOpen } from "./use-open";

/** What canned replies and macros share: everybody makes their own, seniors also everybody's. */

interface Owned {
  readonly id: string;
  readonly shared: boolean;
}

interface SectionProps<T> {
  readonly id: string | undefined;
  readonly all: UseQueryResult<readonly T[]>;
  readonly icon: LucideIcon;
  readonly list: (all: readonly T[]) => ReactNode;
  /** The editor of one, or of a new one. */
  readonly editor: (saved: T | undefined) => ReactNode;
}

export function OwnedSection<T extends Owned>(props: SectionProps<T>) {
  const { id, all, icon, list, editor } = props;
  const { t } = useScreenWords();
  if (id === NEW) return editor(undefined);
  return (
    <Answer of={all}>
      {(found) => {
        if (id === undefined) return list(found);
        const one = found.find((it) => it.id === id);
        return one === undefined ? <Empty icon={icon} title={t("gone")} /> : editor(one);
      }}
    </Answer>
  );
}

interface ListHeadProps {
  readonly section: string;
  readonly title: string;
  readonly hint: string;
  readonly make: string;
}

export function OwnedListHead({ section, title, hint, make }: ListHeadProps) {
  const open = useOpen(section);
  return (
    <Head
      title={title}
      hint={hint}
      actions={
        <Button look="primary" onClick={() => open(NEW)}>
          <Plus className="size-4" aria-hidden="true" /> {make}
        </Button>
      }
    />
  );
}

interface EditorProps<T extends Owned> {
  readonly saved: T | undefined;
  /** What a new one begins as. */
  readonly blank: Omit<T, "id">;
  readonly section: string;
  /** Where it lives, below `/livechat`; also what its list is kept under. */
  readonly path: string;
  /** What the section is called, and what one of it. */
  readonly titles: { readonly all: string; readonly one: string };
  readonly isBad: (value: Omit<T, "id">) => boolean;
  readonly children: (part: PartProps<Omit<T, "id">>) => ReactNode;
}

export function OwnedEditor<T extends Owned>(props: EditorProps<T>) {
  const { saved, blank, section, path, titles, isBad, children } = props;
  const senior = isSenior(useSession().agent.role);
  const open = useOpen(section);
  const mayChange = senior || saved?.shared !== true;
  const draft = useDraft<Omit<T, "id">>(saved ?? blank);
  const own = saved === undefined ? `/livechat/${path}` : `/livechat/${path}/${saved.id}`;
  const save = useChange<T>({
    changes: [[path]],
    onDone: ({ id }) => {
      draft.reset();
      if (saved === undefined) open(id);
    },
  });
  return (
    <>
      <Head
        title={titles.one}
        backTo={{ section, name: titles.all }}
        actions={
          saved !== undefined &&
          mayChange && <Removal name={titles.one} path={own} changes={[[path]]} section={section} />
        }
      />
      {!mayChange && <LookOnly />}
      {children({ draft, problems: problemOf(save.error), mayChange })}
      <SaveBar
        isChanged={draft.isChanged}
        isSaving={save.isPending}
        isBad={isBad(draft.value)}
        onReset={draft.reset}
        onSave={() =>
          save.mutate(
            saved === undefined
              ? { path: own, method: "POST", body: draft.value }
              : { path: own, method: "PATCH", body: draft.changes },
          )
        }
      />
    </>
  );
}

interface ForEverybodyProps {
  readonly isOn: boolean;
  readonly onChange: (value: boolean) => void;
}

/** Whether everybody may use it; seniors say so. */
export function ForEverybody(props: ForEverybodyProps) {
  const { t } = useScreenWords();
  const { agent } = useSession();
  return (
    <Switch
      {...props}
      label={t("forEverybody")}
      hint={t("forEverybodyHint")}
      isDisabled={!isSenior(agent.role)}
    />
  );
}
