import { useLabels } from "../../shared/api/labels";
import { type Option, Pick } from "../../shared/ui/form";
import { useScreenWords } from "../../shared/words/screen-words";
import { ROLES, type SearchParams, STATUSES } from "./search-params";

interface FiltersProps {
  readonly params: SearchParams;
  readonly onChange: (part: SearchParams) => void;
}

/** What narrows it further; only what narrows this kind is there. */
export function Filters({ params, onChange }: FiltersProps) {
  const { t } = useScreenWords();
  const labels = useLabels().data ?? [];
  const { kind = "messages", role, notes, status, since, until, tag } = params;
  if (kind === "contacts") return null;
  return (
    <>
      {kind === "messages" && (
        <>
          <Narrow
            label={t("saidBy")}
            value={role}
            options={ROLES.map((one) => ({ value: one, label: t(`saidBy-${one}`) }))}
            onChange={(value) => onChange({ role: value as SearchParams["role"] })}
          />
          <Narrow
            label={t("notes")}
            value={notes}
            options={(["only", "none"] as const).map((one) => ({
              value: one,
              label: t(`notes-${one}`),
            }))}
            onChange={(value) => onChange({ notes: value as SearchParams["notes"] })}
          />
        </>
      )}
      <Narrow
        label={t("status")}
        value={status}
        options={STATUSES.map((one) => ({ value: one, label: t(`status-${one}`) }))}
        onChange={(value) => onChange({ status: value as SearchParams["status"] })}
      />
      {labels.length > 0 && (
        <Narrow
          label={t("label")}
          value={tag}
          options={labels.map(({ name }) => ({ value: name, label: name }))}
          onChange={(value) => onChange({ tag: value })}
        />
      )}
      {kind === "messages" && (
        <span className="inline-flex items-center gap-1.5 text-sm">
          <Day label={t("from")} value={since} onChange={(value) => onChange({ since: value })} />
          <span aria-hidden="true">–</span>
          <Day label={t("until")} value={until} onChange={(value) => onChange({ until: value })} />
        </span>
      )}
    </>
  );
}

interface NarrowProps {
  readonly label: string;
  readonly value: string | undefined;
  readonly options: readonly Option[];
  readonly onChange: (value: string | undefined) => void;
}

function Narrow({ label, value, options, onChange }: NarrowProps) {
  const { t } = useScreenWords();
  return (
    <Pick
      label={label}
      value={value ?? ""}
      options={[{ value: "", label: t("anyOf", { name: label }) }, ...options]}
      onChange={(chosen) => onChange(chosen === "" ? undefined : chosen)}
    />
  );
}

interface DayProps {
  readonly label: string;
  readonly value: string | undefined;
  readonly onChange: (value: string | undefined) => void;
}

function Day({ label, value, onChange }: DayProps) {
  return (
    <input
      type="date"
      aria-label={label}
      className="field w-auto"
      value={value ?? ""}
      onChange={({ target }) => onChange(target.value === "" ? undefined : target.value)}
    />
  );
}
