import { useNavigate, useSearch } from "@tanstack/react-router";
import { Search } from "lucide-react";
import { Empty } from "../../shared/ui/empty";
import { Segments } from "../../shared/ui/form";
import { Loading, Page } from "../../shared/ui/page";
import { useScreenWords } from "../../shared/words/screen-words";
import { Filters } from "./filters";
import { Results } from "./results";
import { SearchBox } from "./search-box";
import { KINDS, readSearchParams, type SearchParams } from "./search-params";

export function SearchPage() {
  return (
    <Loading>
      <Searching />
    </Loading>
  );
}

/** What was said, who it was, which conversation. Everything that narrows it is the address. */
function Searching() {
  const { t } = useScreenWords();
  const params = readSearchParams(useSearch({ strict: false }));
  const navigate = useNavigate();
  const go = (part: SearchParams) =>
    void navigate({
      to: "/search",
      search: readSearchParams({ ...params, ...part }),
      replace: true,
    });
  return (
    <Page title={t("search")} width="text">
      <search className="flex flex-col gap-3">
        <SearchBox value={params.q ?? ""} onChange={(q) => go({ q })} />
        <div className="flex flex-wrap items-center gap-3">
          <Segments
            label={t("searchKind")}
            value={params.kind ?? "messages"}
            options={KINDS.map((kind) => ({ value: kind, label: t(`kind-${kind}`) }))}
            onChange={(kind) => go({ kind: kind as NonNullable<SearchParams["kind"]> })}
          />
          <Filters params={params} onChange={go} />
        </div>
      </search>
      {params.q === undefined ? (
        <Empty icon={Search} title={t("searchFirst")}>
          {t("searchHint")}
        </Empty>
      ) : (
        <Results params={params} />
      )}
    </Page>
  );
}
