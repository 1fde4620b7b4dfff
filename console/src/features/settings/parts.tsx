import { Link } from "@tanstack/react-router";
import { ChevronLeft, Eye } from "lucide-react";
import type { ReactNode } from "react";
import { TextField } from "../../shared/ui/form";
import type { Draft } from "../../shared/ui/use-draft";
import { useScreenWords } from "../../shared/words/screen-words";

interface HeadProps {
  readonly title: string;
  readonly hint?: ReactNode;
  readonly actions?: ReactNode;
  /** The section this is one item of. */
  readonly backTo?: { readonly section: string; readonly name: string };
}

/** The name of a section, or of one item of it with the way back. */
export function Head({ title, hint, actions, backTo }: HeadProps) {
  return (
    <header className="flex flex-wrap items-center gap-x-4 gap-y-2">
      <div className="me-auto min-w-0">
        {backTo !== undefined && (
          <Link
            to="/settings/$section"
            params={{ section: backTo.section }}
            className="mb-1 inline-flex items-center gap-0.5 rounded text-xs text-muted hover:text-ink"
          >
            <ChevronLeft className="size-3.5 rtl:rotate-180" aria-hidden="true" />
            {backTo.name}
          </Link>
        )}
        <h1 className="text-xl font-semibold" dir="auto">
          {title}
        </h1>
        {hint !== undefined && <div className="text-sm text-muted">{hint}</div>}
      </div>
      {actions}
    </header>
  );
}

interface ItemLinkProps {
  readonly section: string;
  readonly id: string;
  readonly children: ReactNode;
}

export function ItemLink({ section, id, children }: ItemLinkProps) {
  return (
    <Link
      to="/settings/$section/$id"
      params={{ section, id }}
      className="rounded font-medium text-ink hover:text-accent-text hover:underline"
      dir="auto"
    >
      {children}
    </Link>
  );
}

/** Says why nothing on this page can be changed. */
export function LookOnly() {
  const { t } = useScreenWords();
  return (
    <p className="flex items-center gap-2 rounded-lg bg-sunken px-4 py-2.5 text-sm text-muted">
      <Eye className="size-4 shrink-0" aria-hidden="true" />
      {t("lookOnly")}
    </p>
  );
}

interface GridProps {
  readonly children: ReactNode;
  /** False: the fields can be read but not changed. */
  readonly mayChange?: boolean;
}

/** Fields side by side, as many as fit. */
export function Fields({ children, mayChange = true }: GridProps) {
  return (
    <fieldset
      disabled={!mayChange}
      className="grid min-w-0 grid-cols-[repeat(auto-fit,minmax(13.5rem,1fr))] items-start gap-x-6 gap-y-4"
    >
      {children}
    </fieldset>
  );
}

/** What a part of an editor shows and changes. */
export interface PartProps<T> {
  readonly draft: Draft<T>;
  readonly problems: Readonly<Record<string, string>>;
  readonly mayChange: boolean;
}

interface NameProps {
  readonly value: string;
  readonly problem: string | undefined;
  readonly hint?: string;
  readonly onChange: (value: string) => void;
}

export const NAME_MAX = 80;

/** What something is called, in whichever script. */
export function NameField({ hint, ...rest }: NameProps) {
  const { t } = useScreenWords();
  return (
    <TextField
      {...rest}
      {...(hint === undefined ? {} : { hint })}
      label={t("name")}
      dir="auto"
      maxLength={NAME_MAX}
    />
  );
}

/** Stands in the address in the place of an id while something is made. */
export const NEW = "new";
