import { useQuery } from "@tanstack/react-query";
import { problemOf, useChange } from "../../shared/api/changes";
import { useSession } from "../../shared/live/session";
import { useTraitWords } from "../../shared/traits/trait-words";
import { Segments, Switch, TextField } from "../../shared/ui/form";
import { NumberField } from "../../shared/ui/number-field";
import { Card } from "../../shared/ui/page";
import { SaveBar } from "../../shared/ui/save-bar";
import { Answer } from "../../shared/ui/states";
import { useDraft } from "../../shared/ui/use-draft";
import { useScreenWords } from "../../shared/words/screen-words";
import { dateTime } from "../../shared/words/time";
import { Fields, Head } from "./parts";

interface Tenant {
  readonly slug: string;
  readonly name: string;
  readonly tier: string;
  /** null: nothing is ever taken away. */
  readonly retentionDays: number | null;
  /** Rules read customers' words, and put labels. */
  readonly traits: boolean;
  readonly autoTags: boolean;
  readonly createdAt: string;
}

const KEY = ["workspace"] as const;
const USUAL_DAYS = 365;
const DAYS_MAX = 2_555;

/** The tenant's own name, and how long what is said is kept. */
export function Workspace() {
  const { client } = useSession();
  const tenant = useQuery({
    queryKey: KEY,
    queryFn: () => client.request<Tenant>("/admin/settings"),
  });
  return <Answer of={tenant}>{(saved) => <Editor saved={saved} />}</Answer>;
}

function Editor({ saved }: { readonly saved: Tenant }) {
  const words = useScreenWords();
  const { t } = words;
  const read = useTraitWords();
  const { name, retentionDays, traits, autoTags } = saved;
  const draft = useDraft({ name, retentionDays, traits, autoTags });
  const save = useChange({ changes: [KEY], onDone: draft.reset });
  const problems = problemOf(save.error);
  const days = draft.value.retentionDays;
  return (
    <>
      <Head
        title={t("workspace")}
        hint={t("workspaceSince", { slug: saved.slug, date: dateTime(saved.createdAt, words) })}
      />
      <Card title={t("basics")}>
        <Fields>
          <TextField
            label={t("name")}
            value={draft.value.name}
            dir="auto"
            hint={t("workspaceNameHint")}
            problem={problems.name}
            onChange={(value) => draft.set({ name: value })}
          />
        </Fields>
      </Card>
      <Card title={t("retention")} hint={t("retentionHint")}>
        <div className="flex flex-col items-start gap-4">
          <Segments
            label={t("retention")}
            value={days === null ? "ever" : "days"}
            options={[
              { value: "ever", label: t("keepEver") },
              { value: "days", label: t("keepDays") },
            ]}
            onChange={(kind) =>
              draft.set({ retentionDays: kind === "ever" ? null : (retentionDays ?? USUAL_DAYS) })
            }
          />
          {days !== null && (
            <NumberField
              label={t("retentionDays")}
              value={days}
              min={1}
              max={DAYS_MAX}
              problem={problems.retentionDays}
              onChange={(value) => draft.set({ retentionDays: value ?? 1 })}
            />
          )}
        </div>
      </Card>
      <Card title={read("heading")} hint={read("hint")}>
        <Fields>
          <Switch
            label={read("switch")}
            hint={read("switchHint")}
            isOn={draft.value.traits}
            onChange={(isOn) => draft.set({ traits: isOn })}
          />
          <Switch
            label={read("autoTags")}
            hint={read("autoTagsHint")}
            isOn={draft.value.autoTags}
            isDisabled={!draft.value.traits}
            onChange={(isOn) => draft.set({ autoTags: isOn })}
          />
        </Fields>
      </Card>
      <SaveBar
        isChanged={draft.isChanged}
        isSaving={save.isPending}
        isBad={draft.value.name.trim() === ""}
        onReset={draft.reset}
        onSave={() =>
          save.mutate({ path: "/admin/settings", method: "PATCH", body: draft.changes })
        }
      />
    </>
  );
}
