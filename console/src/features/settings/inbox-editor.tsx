import { Link, useNavigate, useSearch } from "@tanstack/react-router";
import { problemOf, useChange } from "../../shared/api/changes";
import { isAdmin } from "../../shared/domain/roles";
import { useSession } from "../../shared/live/session";
import { SelectField, Switch } from "../../shared/ui/form";
import { NumberField } from "../../shared/ui/number-field";
import { Card } from "../../shared/ui/page";
import { SaveBar } from "../../shared/ui/save-bar";
import { Answer } from "../../shared/ui/states";
import { TagsField } from "../../shared/ui/tags-field";
import { useDraft } from "../../shared/ui/use-draft";
import { useScreenWords } from "../../shared/words/screen-words";
import { useBots } from "./bot-shapes";
import { InstallCard } from "./install";
import { Fields, Head, LookOnly, NameField, type PartProps } from "./parts";
import { INBOXES, useInbox } from "./queries";
import { QueueField } from "./queue-field";
import { readSettingsSearch, TABS } from "./settings-search";
import type { Inbox } from "./shapes";
import { WidgetBuilder } from "./widget-builder";
import { isSavable } from "./widget-settings";

export function InboxEditor({ id }: { readonly id: string }) {
  const inbox = useInbox(id);
  return <Answer of={inbox}>{(saved) => <Editor saved={saved} />}</Answer>;
}

/** Where an inbox may be used, what its chat looks like, and how it gets on a page. */
function Editor({ saved }: { readonly saved: Inbox }) {
  const { t } = useScreenWords();
  const mayChange = isAdmin(useSession().agent.role);
  const { tab = "general" } = readSettingsSearch(useSearch({ strict: false }));
  const navigate = useNavigate();
  const draft = useDraft(saved);
  const save = useChange({ changes: [INBOXES], onDone: draft.reset });
  const problems = problemOf(save.error);
  return (
    <>
      <Head title={saved.name} backTo={{ section: "inboxes", name: t("inboxes") }} />
      <Tabs id={saved.id} />
      {!mayChange && <LookOnly />}
      {tab === "general" && <General {...{ draft, problems, mayChange }} />}
      {tab === "widget" && (
        <WidgetBuilder
          inboxKey={saved.publicKey}
          settings={draft.value.widget}
          mayChange={mayChange}
          problem={problems.widget}
          onChange={(widget) => draft.set({ widget })}
        />
      )}
      {tab === "install" && (
        <InstallCard
          inbox={saved}
          onAllow={(origin) => {
            draft.set({ allowedOrigins: [...draft.value.allowedOrigins, origin] });
            void navigate({ to: ".", search: {} });
          }}
        />
      )}
      <SaveBar
        isChanged={draft.isChanged}
        isSaving={save.isPending}
        isBad={!isSavable(draft.value.widget)}
        onReset={draft.reset}
        onSave={() =>
          save.mutate({
            path: `/admin/inboxes/${saved.id}`,
            method: "PATCH",
            body: draft.changes,
          })
        }
      />
    </>
  );
}

function Tabs({ id }: { readonly id: string }) {
  const { t } = useScreenWords();
  return (
    <nav aria-label={t("inbox")} className="flex gap-5 border-b border-line text-sm">
      {TABS.map((tab) => (
        <Link
          key={tab}
          to="/settings/$section/$id"
          params={{ section: "inboxes", id }}
          search={tab === "general" ? {} : { tab }}
          activeOptions={{ exact: true, includeSearch: true }}
          className="-mb-px border-b-2 border-transparent px-1 pb-2 text-muted hover:text-ink data-[status=active]:border-accent data-[status=active]:font-medium data-[status=active]:text-ink"
        >
          {t(`tab-${tab}`)}
        </Link>
      ))}
    </nav>
  );
}

function General({ draft, problems, mayChange }: PartProps<Inbox>) {
  const { t } = useScreenWords();
  const { name, enabled, bot, botId, weight, queueId, allowedOrigins } = draft.value;
  const bots = useBots().data ?? [];
  return (
    <>
      <Card title={t("basics")}>
        <Fields mayChange={mayChange}>
          <NameField
            value={name}
            hint={t("inboxNameHint")}
            problem={problems.name}
            onChange={(value) => draft.set({ name: value })}
          />
          <Switch
            label={t("isSwitchedOn")}
            hint={t("isSwitchedOnHint")}
            isOn={enabled}
            onChange={(value) => draft.set({ enabled: value })}
          />
          <Switch
            label={t("botFirst")}
            hint={t("botFirstHint")}
            isOn={bot}
            onChange={(value) => draft.set({ bot: value })}
          />
          <SelectField
            label={t("bot")}
            value={botId ?? ""}
            hint={t("inboxBotHint")}
            problem={problems.botId}
            options={[
              { value: "", label: t("noBotOfOurs") },
              ...bots.map((one) => ({ value: one.id, label: one.name })),
            ]}
            onChange={(value) => draft.set({ botId: value === "" ? null : value })}
          />
        </Fields>
        <div className="mt-4">
          <TagsField
            label={t("allowedPages")}
            value={allowedOrigins}
            hint={t("allowedPagesHint")}
            placeholder="https://shop.example.com"
            problem={problems.allowedOrigins}
            isDisabled={!mayChange}
            onChange={(value) => draft.set({ allowedOrigins: value })}
          />
        </div>
      </Card>
      <Card title={t("routing")}>
        <Fields mayChange={mayChange}>
          <QueueField
            label={t("queue")}
            value={queueId}
            nothing={t("isDefault")}
            hint={t("inboxQueueHint")}
            problem={problems.queueId}
            onChange={(value) => draft.set({ queueId: value })}
          />
          <NumberField
            label={t("weight")}
            value={weight}
            min={0}
            max={100}
            hint={t("weightHint")}
            problem={problems.weight}
            onChange={(value) => draft.set({ weight: value ?? 0 })}
          />
        </Fields>
      </Card>
    </>
  );
}
