import { asChorusError } from "@chorus/sdk";
import { useNavigate, useSearch } from "@tanstack/react-router";
import { Download, ScrollText } from "lucide-react";
import { usePages } from "../../shared/api/pages";
import { useAgents } from "../../shared/api/queries";
import { useSession } from "../../shared/live/session";
import { Button } from "../../shared/ui/button";
import { Empty } from "../../shared/ui/empty";
import { Pick } from "../../shared/ui/form";
import { More } from "../../shared/ui/more";
import { Card } from "../../shared/ui/page";
import { saveFile } from "../../shared/ui/save-file";
import { Answer } from "../../shared/ui/states";
import { Cell, Row, Table } from "../../shared/ui/table";
import { showToast } from "../../shared/ui/toasts";
import { useScreenWords } from "../../shared/words/screen-words";
import { dateTime } from "../../shared/words/time";
import { Head } from "./parts";
import { readSettingsSearch, type SettingsSearch } from "./settings-search";

interface Entry {
  readonly id: string;
  readonly at: string;
  readonly actorId: string | null;
  readonly actor: string | null;
  readonly role: string | null;
  readonly action: string;
  readonly subject: string | null;
  readonly detail: unknown;
  readonly address: string | null;
}

const PATH = "/admin/audit";
const AREAS = [
  "agent",
  "queue",
  "team",
  "inbox",
  "message",
  "contact",
  "tenant",
  "api_key",
  "reply",
  "macro",
  "label",
  "auth",
] as const;

/** Who did what, and from where. Entries are never changed. */
export function Audit() {
  const { t } = useScreenWords();
  const { client } = useSession();
  const search = readSettingsSearch(useSearch({ strict: false }));
  const query = { action: search.action, actor: search.actor };
  const entries = usePages<Entry>(PATH, { ...query, limit: 50 });
  const download = async () => {
    const given = Object.entries(query).filter(([, value]) => value !== undefined);
    const asked = new URLSearchParams({ ...Object.fromEntries(given), format: "csv" });
    try {
      saveFile(await client.file(`${PATH}?${asked}`), "audit.csv");
    } catch (cause) {
      showToast({ text: asChorusError(cause).message, tone: "problem" });
    }
  };
  return (
    <>
      <Head
        title={t("auditLog")}
        hint={t("auditHint")}
        actions={
          <Button onClick={() => void download()}>
            <Download className="size-4" aria-hidden="true" /> {t("downloadCsv")}
          </Button>
        }
      />
      <Card title={t("entries")} isFlush actions={<Narrow search={search} />}>
        <Answer of={entries} rows={8}>
          {(found) =>
            found.length === 0 ? (
              <Empty icon={ScrollText} title={t("nothingFound")} />
            ) : (
              <Entries entries={found} />
            )
          }
        </Answer>
        <More of={entries} />
      </Card>
    </>
  );
}

function Narrow({ search }: { readonly search: SettingsSearch }) {
  const { t } = useScreenWords();
  const navigate = useNavigate();
  const agents = useAgents().data ?? [];
  const go = (part: SettingsSearch) =>
    void navigate({ to: ".", search: readSettingsSearch({ ...search, ...part }) });
  return (
    <div className="flex gap-2">
      <Pick
        label={t("action")}
        value={search.action ?? ""}
        options={[
          { value: "", label: t("anyOf", { name: t("action") }) },
          ...AREAS.map((area) => ({ value: area, label: area })),
        ]}
        onChange={(action) => go({ action })}
      />
      <Pick
        label={t("agent")}
        value={search.actor ?? ""}
        options={[
          { value: "", label: t("anyOf", { name: t("agent") }) },
          ...agents.map(({ id, name }) => ({ value: id, label: name })),
        ]}
        onChange={(actor) => go({ actor })}
      />
    </div>
  );
}

function Entries({ entries }: { readonly entries: readonly Entry[] }) {
  const words = useScreenWords();
  const { t } = words;
  return (
    <Table
      label={t("auditLog")}
      head={[t("time"), t("who"), t("action"), t("subject"), t("detail"), t("address")]}
    >
      {entries.map((one) => (
        <Row key={one.id}>
          <Cell className="whitespace-nowrap">
            <time dateTime={one.at}>{dateTime(one.at, words)}</time>
          </Cell>
          <Cell>
            <bdi>{one.actor ?? one.role ?? t("system")}</bdi>
          </Cell>
          <Cell className="font-mono text-xs">{one.action}</Cell>
          <Cell className="max-w-40 truncate font-mono text-xs" title={one.subject ?? ""}>
            {one.subject}
          </Cell>
          <Cell className="max-w-72">
            <Detail detail={one.detail} />
          </Cell>
          <Cell className="font-mono text-xs">{one.address}</Cell>
        </Row>
      ))}
    </Table>
  );
}

const SHORT = 60;

function Detail({ detail }: { readonly detail: unknown }) {
  const text = detail == null ? "" : JSON.stringify(detail);
  if (text === "" || text === "{}") return null;
  if (text.length <= SHORT) return <code className="text-xs wrap-anywhere">{text}</code>;
  return (
    <details>
      <summary className="cursor-pointer truncate font-mono text-xs">
        {text.slice(0, SHORT)}…
      </summary>
      <pre className="mt-1 text-xs whitespace-pre-wrap wrap-anywhere" dir="ltr">
        {JSON.stringify(detail, null, 2)}
      </pre>
    </details>
  );
}
