import { CircleAlert, RotateCcw, X } from "lucide-react";
import type { ReactNode } from "react";
import { fileSize, isPicture, useFile } from "../../shared/files/cards";
import { signOf } from "../../shared/files/file-view";
import { cx } from "../../shared/ui/class";
import { useScreenWords } from "../../shared/words/screen-words";
import { type Attaching, detach, retryAttaching } from "./attached";

interface AttachmentsProps {
  readonly draft: string;
  readonly ready: readonly string[];
  readonly underWay: readonly Attaching[];
}

/** What goes with the next message, and how far it is. */
export function Attachments({ draft, ready, underWay }: AttachmentsProps) {
  const { t } = useScreenWords();
  return (
    <ul aria-label={t("attachedFiles")} className="flex flex-wrap gap-2 pt-1.5" data-attached>
      {ready.map((id) => (
        <Ready key={id} id={id} draft={draft} />
      ))}
      {underWay.map((one) => (
        <UnderWay key={one.id} one={one} />
      ))}
    </ul>
  );
}

function Ready({ id, draft }: { readonly id: string; readonly draft: string }) {
  const words = useScreenWords();
  const { t } = words;
  const asked = useFile(id);
  const card = asked.data;
  const said = card === undefined ? t(asked.isError ? "fileGone" : "loading") : undefined;
  return (
    <Tile
      name={card?.name ?? ""}
      mime={card?.mime ?? ""}
      picture={card !== undefined && isPicture(card.mime) ? card.url : null}
      said={said ?? fileSize(card?.size ?? 0, words)}
      isBad={asked.isError && card === undefined}
      onRemove={() => detach(draft, id)}
    />
  );
}

function UnderWay({ one }: { readonly one: Attaching }) {
  const words = useScreenWords();
  const { t } = words;
  const { id, draft, name, mime, preview, status, share, reason } = one;
  const percent = new Intl.NumberFormat(words.locale, { style: "percent" }).format(share);
  return (
    <Tile
      name={name}
      mime={mime}
      picture={preview}
      said={status === "sending" ? percent : reason}
      isBad={status !== "sending"}
      onRemove={() => detach(draft, id)}
      isUnderWay={status === "sending"}
    >
      {status === "sending" && (
        <progress
          className="progress absolute inset-x-0 bottom-0 h-1 w-full"
          aria-label={t("sendingFile", { name })}
          value={share}
        />
      )}
      {status === "failed" && (
        <TileButton label={t("tryAgainWith", { name })} onClick={() => retryAttaching(id)}>
          <RotateCcw className="size-3.5" aria-hidden="true" />
        </TileButton>
      )}
    </Tile>
  );
}

interface TileProps {
  readonly name: string;
  readonly mime: string;
  readonly picture: string | null;
  readonly said: string;
  readonly isBad: boolean;
  readonly isUnderWay?: boolean;
  readonly onRemove: () => void;
  readonly children?: ReactNode;
}

function Tile({ name, mime, picture, said, isBad, isUnderWay, onRemove, children }: TileProps) {
  const { t } = useScreenWords();
  const Sign = isBad ? CircleAlert : signOf(mime);
  return (
    <li
      className={cx(
        "relative flex min-h-11 w-60 max-w-full items-center gap-2 overflow-hidden rounded-lg border bg-surface px-2 py-1 text-ink",
        isBad ? "border-danger" : "border-line",
      )}
    >
      {picture !== null && !isBad ? (
        <img src={picture} alt="" className="size-8 shrink-0 rounded object-cover" />
      ) : (
        <Sign
          className={cx("size-4 shrink-0", isBad ? "text-danger" : "text-muted")}
          aria-hidden="true"
        />
      )}
      <span className="min-w-0 flex-1">
        <span dir="auto" className="block truncate text-[13px]" title={name}>
          {name}
        </span>
        <span
          role={isBad ? "alert" : undefined}
          dir="auto"
          className={cx("block text-xs", isBad ? "text-danger" : "text-muted")}
        >
          {said}
        </span>
      </span>
      {children}
      <TileButton
        label={t(isUnderWay === true ? "cancelFile" : "removeName", { name })}
        onClick={onRemove}
      >
        <X className="size-3.5" aria-hidden="true" />
      </TileButton>
    </li>
  );
}

interface TileButtonProps {
  readonly label: string;
  readonly onClick: () => void;
  readonly children: ReactNode;
}

function TileButton({ label, onClick, children }: TileButtonProps) {
  return (
    <button
      type="button"
      aria-label={label}
      title={label}
      className="shrink-0 cursor-pointer rounded p-1.5 text-muted hover:bg-hover hover:text-ink"
      onClick={onClick}
    >
      {children}
    </button>
  );
}
