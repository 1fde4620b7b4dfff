import type { FileInfo, FileLink, Message } from "@chorus/sdk";
import { MAX_ATTACHMENTS } from "@chorus/sdk/wire.gen";
import { useQuery } from "@tanstack/react-query";
import { useSession } from "../live/session";
import type { Words } from "../words/locale";

export const MAX_FILES = MAX_ATTACHMENTS;
/** Less than a link lasts, so that a click on what is shown never comes too late. */
const LINK_FRESH_MS = 10 * 60_000;

export function fileQuery(client: ReturnType<typeof useSession>["client"], id: string) {
  return {
    queryKey: ["file", id],
    queryFn: () => client.request<FileLink>(`/livechat/attachments/${id}`),
    staleTime: LINK_FRESH_MS,
  };
}

export function useFile(id: string) {
  return useQuery(fileQuery(useSession().client, id));
}

/** The files of a message: what is known of each, in its order. */
export function filesIn({ attachments, deleted, ...rest }: FileBearer): readonly FileRef[] {
  if (deleted === true) return [];
  const known = new Map((rest.files ?? []).map((card) => [card.id, card]));
  return attachments.map((id) => known.get(id) ?? { id });
}

export type FileRef = FileInfo | { readonly id: string };
type FileBearer = Pick<Message, "attachments" | "files"> & { readonly deleted?: boolean };

/** Pictures that every browser draws and that can run nothing. */
export function isPicture(mime: string): boolean {
  return /^image\/(?:png|jpeg|gif|webp)$/u.test(mime);
}

const UNITS = ["byte", "kilobyte", "megabyte", "gigabyte"] as const;

/** `812 byte`, `3.4 MB`: as the reader writes it. */
export function fileSize(bytes: number, { locale }: Pick<Words, "locale">): string {
  const step = bytes < 1_000 ? 0 : Math.min(Math.floor(Math.log10(bytes) / 3), UNITS.length - 1);
  const format = { style: "unit", unit: UNITS[step], maximumFractionDigits: step > 1 ? 1 : 0 };
  return new Intl.NumberFormat(locale, format as Intl.NumberFormatOptions).format(
    bytes / 1_000 ** step,
  );
}

const BOX_PX = { width: 240, height: 180 };

/** The box a picture is shown in: fixed before it comes, so that nothing shifts. */
export function boxOf({ width, height }: Pick<FileInfo, "width" | "height">) {
  if (!width || !height) return BOX_PX;
  const scale = Math.min(1, BOX_PX.width / width, BOX_PX.height / height);
  // A line of pixels can still be pointed at.
  return {
    width: Math.max(48, Math.round(width * scale)),
    height: Math.max(48, Math.round(height * scale)),
  };
}
