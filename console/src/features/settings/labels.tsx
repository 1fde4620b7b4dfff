import { Plus, Tags, X } from "lucide-react";
import { useState } from "react";
import { useChange } from "../../shared/api/changes";
import { LABELS, type Label, useLabels } from "../../shared/api/labels";
import { isSenior } from "../../shared/domain/roles";
import { useSession } from "../../shared/live/session";
import { Button } from "../../shared/ui/button";
import { Confirm } from "../../shared/ui/confirm";
import { Empty } from "../../shared/ui/empty";
import { TextField } from "../../shared/ui/form";
import { Card } from "../../shared/ui/page";
import { Answer } from "../../shared/ui/states";
import { Cell, Row, Table } from "../../shared/ui/table";
import { useSettled } from "../../shared/ui/use-settled";
import { count } from "../../shared/words/figures";
import { useScreenWords } from "../../shared/words/screen-words";
import { Head, LookOnly } from "./parts";

const USUAL = "#6b7280";

/** Words that conversations are sorted by, and their colours. */
export function Labels() {
  const { t } = useScreenWords();
  const mayChange = isSenior(useSession().agent.role);
  const labels = useLabels();
  return (
    <>
      <Head title={t("labels")} hint={t("labelsHint")} />
      {!mayChange && <LookOnly />}
      <Card title={t("labels")} isFlush actions={mayChange && <Add />}>
        <Answer of={labels}>{(found) => <Rows labels={found} mayChange={mayChange} />}</Answer>
      </Card>
    </>
  );
}

interface RowsProps {
  readonly labels: readonly Label[];
  readonly mayChange: boolean;
}

function Rows({ labels, mayChange }: RowsProps) {
  const words = useScreenWords();
  const { t } = words;
  if (labels.length === 0) return <Empty icon={Tags} title={t("noLabels")} />;
  return (
    <Table label={t("labels")} head={[t("name"), t("colour"), t("conversations"), t("actions")]}>
      {labels.map((label) => (
        <Row key={label.name}>
          <Cell isHead>
            <bdi>{label.name}</bdi>
          </Cell>
          <Cell>
            <Colour label={label} mayChange={mayChange} />
          </Cell>
          <Cell>{count(label.conversations, words)}</Cell>
          <Cell>{mayChange && <Remove label={label} />}</Cell>
        </Row>
      ))}
    </Table>
  );
}

interface ColourProps {
  readonly label: Label;
  readonly mayChange: boolean;
}

const SETTLED_MS = 600;

/** A browser tells of each step while somebody drags; the last one is what they meant. */
function Colour({ label, mayChange }: ColourProps) {
  const { t } = useScreenWords();
  const [picked, setPicked] = useState(hexOf(label.color));
  const put = useChange({ changes: [LABELS] });
  useSettled(picked, SETTLED_MS, (color) =>
    put.mutate({ path: pathOf(label.name), method: "PUT", body: { color } }),
  );
  return (
    <input
      type="color"
      aria-label={t("colourOf", { name: label.name })}
      className="h-6 w-10 cursor-pointer rounded border border-line-strong bg-surface"
      value={picked}
      disabled={!mayChange}
      onChange={(event) => setPicked(event.target.value)}
    />
  );
}

function pathOf(name: string): string {
  return `/livechat/labels/${encodeURIComponent(name)}`;
}

const NAMED: Readonly<Record<string, string>> = {
  gray: USUAL,
  grey: USUAL,
  red: "#dc2626",
  orange: "#ea580c",
  yellow: "#ca8a04",
  green: "#16a34a",
  teal: "#0d9488",
  blue: "#2563eb",
  indigo: "#4f46e5",
  purple: "#9333ea",
  violet: "#7c3aed",
  pink: "#db2777",
};

/** The browser's own field holds nothing but `#rrggbb`. */
function hexOf(colour: string | null): string {
  if (colour === null) return USUAL;
  return colour.startsWith("#") ? colour : (NAMED[colour] ?? USUAL);
}

function Remove({ label }: { readonly label: Label }) {
  const { t } = useScreenWords();
  const [isAsking, setAsking] = useState(false);
  const remove = useChange({ changes: [LABELS], said: t("removed") });
  return (
    <>
      <Button
        look="quiet"
        size="icon"
        aria-label={t("removeName", { name: label.name })}
        onClick={() => setAsking(true)}
      >
        <X className="size-4" aria-hidden="true" />
      </Button>
      <Confirm
        title={t("removeNamed", { name: label.name })}
        act={t("remove")}
        isOpen={isAsking}
        onClose={() => setAsking(false)}
        onConfirm={() => remove.mutate({ path: pathOf(label.name), method: "DELETE" })}
      >
        {t("removeLabelHint", { count: label.conversations })}
      </Confirm>
    </>
  );
}

const NAME_MAX = 50;

function Add() {
  const { t } = useScreenWords();
  const [name, setName] = useState("");
  const put = useChange({ changes: [LABELS], onDone: () => setName("") });
  return (
    <form
      className="flex items-end gap-2"
      onSubmit={(event) => {
        event.preventDefault();
        if (name.trim() === "") return;
        put.mutate({ path: pathOf(name.trim()), method: "PUT", body: { color: USUAL } });
      }}
    >
      <TextField
        label={t("newLabel")}
        value={name}
        onChange={setName}
        maxLength={NAME_MAX}
        dir="auto"
      />
      <Button type="submit" disabled={name.trim() === "" || put.isPending}>
        <Plus className="size-4" aria-hidden="true" /> {t("add")}
      </Button>
    </form>
  );
}
