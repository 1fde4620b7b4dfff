import { useQuery } from "@tanstack/react-query";
import { KeyRound, Plus, X } from "lucide-react";
import { useState } from "react";
import { useChange } from "../../shared/api/changes";
import { useSession } from "../../shared/live/session";
import { Button } from "../../shared/ui/button";
import { CheckList, withMember } from "../../shared/ui/check-list";
import { Confirm } from "../../shared/ui/confirm";
import { Dialog } from "../../shared/ui/dialog";
import { Empty } from "../../shared/ui/empty";
import { TextField } from "../../shared/ui/form";
import { Card } from "../../shared/ui/page";
import { Answer } from "../../shared/ui/states";
import { Cell, Row, Table } from "../../shared/ui/table";
import { useScreenWords } from "../../shared/words/screen-words";
import { dateTime } from "../../shared/words/time";
import { Head } from "./parts";
import { SecretDialog } from "./secret";

interface ApiKey {
  readonly id: string;
  readonly name: string;
  readonly scopes: readonly string[];
  readonly createdAt?: string | null;
  readonly expiresAt?: string | null;
  readonly lastUsedAt?: string | null;
}

const KEY = ["api-keys"] as const;
const PATH = "/admin/api-keys";
const SCOPES = [
  "chat:read",
  "chat:write",
  "chat:escalate",
  "summary:read",
  "reports:read",
  "notify:write",
  "admin:read",
] as const;

/** What services of the tenant sign in with. */
export function ApiKeys() {
  const { t } = useScreenWords();
  const { client } = useSession();
  const keys = useQuery({
    queryKey: KEY,
    queryFn: async () => (await client.request<{ items: readonly ApiKey[] }>(PATH)).items,
  });
  const [isMaking, setMaking] = useState(false);
  const [credential, setCredential] = useState<string | null>(null);
  const make = useChange<{ credential: string }>({
    changes: [KEY],
    said: "",
    onDone: (made) => setCredential(made.credential),
  });
  return (
    <>
      <Head
        title={t("apiKeys")}
        hint={t("apiKeysHint")}
        actions={
          <Button look="primary" onClick={() => setMaking(true)}>
            <Plus className="size-4" aria-hidden="true" /> {t("newApiKey")}
          </Button>
        }
      />
      <Card title={t("apiKeys")} isFlush>
        <Answer of={keys}>{(found) => <Rows keys={found} />}</Answer>
      </Card>
      <Dialog title={t("newApiKey")} isOpen={isMaking} onClose={() => setMaking(false)}>
        <NewKey
          onMake={(body) => {
            setMaking(false);
            make.mutate({ path: PATH, method: "POST", body });
          }}
        />
      </Dialog>
      <SecretDialog title={t("apiKeyMade")} secret={credential} onClose={() => setCredential(null)}>
        {t("shownOnce")}
      </SecretDialog>
    </>
  );
}

function Rows({ keys }: { readonly keys: readonly ApiKey[] }) {
  const words = useScreenWords();
  const { t } = words;
  if (keys.length === 0) {
    return (
      <Empty icon={KeyRound} title={t("noApiKeys")}>
        {t("apiKeysHint")}
      </Empty>
    );
  }
  const when = (ts: string | null | undefined) => (ts == null ? t("never") : dateTime(ts, words));
  return (
    <Table
      label={t("apiKeys")}
      head={[t("name"), t("scopes"), t("lastUsed"), t("expires"), t("actions")]}
    >
      {keys.map((key) => (
        <Row key={key.id}>
          <Cell isHead>
            <bdi>{key.name}</bdi>
          </Cell>
          <Cell className="font-mono text-xs">{key.scopes.join(", ")}</Cell>
          <Cell>{when(key.lastUsedAt)}</Cell>
          <Cell>{when(key.expiresAt)}</Cell>
          <Cell>
            <Remove apiKey={key} />
          </Cell>
        </Row>
      ))}
    </Table>
  );
}

function Remove({ apiKey }: { readonly apiKey: ApiKey }) {
  const { t } = useScreenWords();
  const [isAsking, setAsking] = useState(false);
  const remove = useChange({ changes: [KEY], said: t("removed") });
  return (
    <>
      <Button
        look="quiet"
        size="icon"
        aria-label={t("removeName", { name: apiKey.name })}
        onClick={() => setAsking(true)}
      >
        <X className="size-4" aria-hidden="true" />
      </Button>
      <Confirm
        title={t("removeNamed", { name: apiKey.name })}
        act={t("remove")}
        isOpen={isAsking}
        onClose={() => setAsking(false)}
        onConfirm={() => remove.mutate({ path: `${PATH}/${apiKey.id}`, method: "DELETE" })}
      >
        {t("removeApiKeyHint")}
      </Confirm>
    </>
  );
}

interface NewKeyProps {
  readonly onMake: (body: { name: string; scopes: readonly string[]; expiresAt?: string }) => void;
}

function NewKey({ onMake }: NewKeyProps) {
  const { t } = useScreenWords();
  const [name, setName] = useState("");
  const [scopes, setScopes] = useState<readonly string[]>(["chat:read"]);
  const [until, setUntil] = useState("");
  return (
    <form
      className="flex flex-col gap-4 px-5 pt-2 pb-5"
      onSubmit={(event) => {
        event.preventDefault();
        const expires = until === "" ? {} : { expiresAt: new Date(until).toISOString() };
        onMake({ name: name.trim(), scopes, ...expires });
      }}
    >
      <TextField label={t("name")} value={name} onChange={setName} dir="auto" maxLength={80} />
      <CheckList
        label={t("scopes")}
        items={SCOPES.map((one) => ({ id: one, name: one }))}
        chosen={new Set(scopes)}
        onChange={(id, isIn) => setScopes(withMember(scopes, id, isIn))}
      />
      <TextField
        label={t("expires")}
        type="date"
        value={until}
        hint={t("expiresHint")}
        onChange={setUntil}
      />
      <Button
        type="submit"
        look="primary"
        className="self-end"
        disabled={name.trim() === "" || scopes.length === 0}
      >
        {t("create")}
      </Button>
    </form>
  );
}
