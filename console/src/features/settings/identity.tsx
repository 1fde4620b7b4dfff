import { useQuery } from "@tanstack/react-query";
import { useSession } from "../../shared/live/session";
import { Card } from "../../shared/ui/page";
import { Answer } from "../../shared/ui/states";
import { Cell, Row, Table } from "../../shared/ui/table";
import { useScreenWords } from "../../shared/words/screen-words";
import { Head } from "./parts";

interface Trusted {
  readonly issuers: readonly {
    readonly name: string;
    readonly jwksUrl: string | null;
    readonly audiences: readonly string[];
    readonly own: boolean;
  }[];
  readonly keys: readonly string[];
  readonly jwksUrl: string;
}

/** Who can vouch for customers and agents, and with which keys. The operator sets it up. */
export function Identity() {
  const { t } = useScreenWords();
  const { client } = useSession();
  const trusted = useQuery({
    queryKey: ["identity"],
    queryFn: () => client.request<Trusted>("/admin/identity"),
  });
  return (
    <>
      <Head title={t("identity")} hint={t("identityHint")} />
      <Answer of={trusted}>
        {(found) => (
          <>
            <Card title={t("issuers")} hint={t("issuersHint")} isFlush>
              <Issuers trusted={found} />
            </Card>
            <Card title={t("ownKeys")} hint={<span dir="ltr">{found.jwksUrl}</span>}>
              <ul className="flex flex-col gap-1 font-mono text-xs" dir="ltr">
                {found.keys.map((key) => (
                  <li key={key}>{key}</li>
                ))}
              </ul>
            </Card>
          </>
        )}
      </Answer>
    </>
  );
}

function Issuers({ trusted }: { readonly trusted: Trusted }) {
  const { t } = useScreenWords();
  return (
    <Table label={t("issuers")} head={[t("name"), t("audiences"), t("keysFrom")]}>
      {trusted.issuers.map((one) => (
        <Row key={one.name}>
          <Cell isHead>
            <bdi>{one.name}</bdi>
            {one.own && <span className="ms-2 text-xs text-muted">{t("thisInstallation")}</span>}
          </Cell>
          <Cell className="font-mono text-xs">{one.audiences.join(", ")}</Cell>
          <Cell className="font-mono text-xs">
            <span dir="ltr">{one.jwksUrl ?? "–"}</span>
          </Cell>
        </Row>
      ))}
    </Table>
  );
}
