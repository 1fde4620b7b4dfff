import type { FileInfo } from "@chorus/sdk";
import { useQueryClient } from "@tanstack/react-query";
import { FileText, FileX, Image, type LucideIcon, Music, Video } from "lucide-react";
import { useState } from "react";
import { useSession } from "../live/session";
import { showToast } from "../ui/toasts";
import { useWords } from "../words/words";
import { boxOf, type FileRef, fileQuery, fileSize, isPicture, useFile } from "./cards";

/** The files of one message, below what it says. */
export function FileList({ files }: { readonly files: readonly FileRef[] }) {
  const { t } = useWords();
  if (files.length === 0) return null;
  return (
    <ul aria-label={t("tab-files")} className="mt-1 flex flex-wrap gap-1.5 first:mt-0">
      {files.map((file) => (
        <li key={file.id} className="min-w-0">
          <FileView file={file} />
        </li>
      ))}
    </ul>
  );
}

/** A picture in its box, anything else as a chip; a click keeps it. */
export function FileView({ file }: { readonly file: FileRef }) {
  const asked = useFile(file.id);
  const card = "mime" in file ? file : asked.data;
  const [isBroken, setBroken] = useState(false);
  if (card !== undefined && isPicture(card.mime) && !isBroken) {
    return <Picture card={card} url={asked.data?.url} onBroken={() => setBroken(true)} />;
  }
  return <FileChip id={file.id} card={card} isGone={asked.isError} />;
}

interface PictureProps {
  readonly card: FileInfo;
  readonly url: string | undefined;
  readonly onBroken: () => void;
}

function Picture({ card, url, onBroken }: PictureProps) {
  const { t } = useWords();
  const keep = useKeep();
  const box = boxOf(card);
  return (
    <button
      type="button"
      data-file={card.id}
      className="block max-w-full cursor-pointer overflow-hidden rounded-lg border border-line bg-sunken"
      style={{ width: box.width, height: box.height }}
      title={card.name}
      aria-label={t("downloadFile", { name: card.name })}
      onClick={() => keep(card.id)}
    >
      {url !== undefined && (
        <img src={url} alt="" className="size-full object-contain" onError={onBroken} />
      )}
    </button>
  );
}

interface ChipProps {
  readonly id: string;
  readonly card: FileInfo | undefined;
  readonly isGone: boolean;
}

export function FileChip({ id, card, isGone }: ChipProps) {
  const words = useWords();
  const { t } = words;
  const keep = useKeep();
  if (isGone && card === undefined) {
    return (
      <span className="inline-flex items-center gap-2 rounded-lg border border-line bg-surface px-2.5 py-1.5 text-xs text-muted">
        <FileX className="size-4" aria-hidden="true" /> {t("fileGone")}
      </span>
    );
  }
  const Sign = signOf(card?.mime ?? "");
  const size = card === undefined ? "" : fileSize(card.size, words);
  return (
    <button
      type="button"
      data-file={id}
      className="inline-flex h-10 w-56 max-w-full cursor-pointer items-center gap-2 rounded-lg border border-line bg-surface px-2.5 text-start text-ink hover:bg-hover"
      aria-label={card === undefined ? t("loading") : undefined}
      title={card === undefined ? undefined : t("downloadFile", { name: card.name })}
      onClick={() => keep(id)}
    >
      <Sign className="size-4 shrink-0 text-muted" aria-hidden="true" />
      <span dir="auto" className="min-w-0 flex-1 truncate text-[13px]">
        {card?.name}
      </span>
      <span className="shrink-0 text-xs text-muted">{size}</span>
    </button>
  );
}

export function signOf(mime: string): LucideIcon {
  if (mime.startsWith("image/")) return Image;
  if (mime.startsWith("audio/")) return Music;
  return mime.startsWith("video/") ? Video : FileText;
}

/** Let the browser keep a file, by a link that still holds. */
function useKeep(): (id: string) => void {
  const { client } = useSession();
  const { t } = useWords();
  const cache = useQueryClient();
  return (id) =>
    void cache.fetchQuery(fileQuery(client, id)).then(
      ({ url, name }) => {
        const link = Object.assign(document.createElement("a"), { href: url, download: name });
        link.target = "_blank";
        link.rel = "noopener";
        link.click();
      },
      () => showToast({ id: "file", text: t("fileGone"), tone: "problem" }),
    );
}
