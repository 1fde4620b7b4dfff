import type { FileInfo, FileLink } from "@chorus/sdk";
import { fileLink } from "@chorus/sdk/uploads";
import { useEffect, useRef, useState } from "preact/hooks";
import { Icon } from "../panel/icon";
import type { Scene } from "../panel/scene";
import { useScene } from "../panel/use-scene";
import { t } from "../panel/words";
import { TOOL_ICONS } from "./icons";
import { sizeName } from "./size-name";

/** A link that ends within this is as good as none. */
const SPARE_MS = 30_000;
const MAX_WIDTH_PX = 240;
const MAX_HEIGHT_PX = 200;
const MIN_PX = 64;

const links = new Map<string, Promise<FileLink>>();

/** The files of a message: pictures as such, everything else by its name. */
export function Files({ files }: { readonly files: readonly FileInfo[] }) {
  const scene = useScene();
  return (
    <ul class="files">
      {files.map((file) => (
        <li key={file.id}>
          <FileRow scene={scene} file={file} />
        </li>
      ))}
    </ul>
  );
}

function FileRow({ scene, file }: { readonly scene: Scene; readonly file: FileInfo }) {
  const [isMissing, setIsMissing] = useState(false);
  const open = () => {
    setIsMissing(false);
    download(scene, file).catch(() => setIsMissing(true));
  };
  const { name, mime, size, width = 0, height = 0 } = file;
  return (
    <>
      <button
        type="button"
        class="file"
        aria-label={`${t("download", { name })}, ${sizeName(size)}`}
        onClick={open}
      >
        {mime.startsWith("image/") && width > 0 && height > 0 ? (
          <Picture scene={scene} file={file} />
        ) : (
          <>
            <Icon path={TOOL_ICONS.file} size={24} />
            <span class="tray-words">
              <bdi class="file-name">{name}</bdi>
              <small>{sizeName(size)}</small>
            </span>
          </>
        )}
      </button>
      {isMissing && (
        <span class="file-missing" role="alert">
          {t("fileMissing")}
        </span>
      )}
    </>
  );
}

/** Its room is there before the picture is, so that nothing moves. */
function Picture({ scene, file }: { readonly scene: Scene; readonly file: FileInfo }) {
  const { width = 1, height = 1 } = file;
  const box = useRef<HTMLSpanElement>(null);
  const [url, setUrl] = useState<string>();
  useEffect(() => whenSeen(box.current, () => void link(scene, file.id).then(show, () => {})), []);
  const show = ({ url: found }: FileLink) => setUrl(absolute(scene, found));
  const scale = Math.min(1, MAX_WIDTH_PX / width, MAX_HEIGHT_PX / height);
  const style = {
    inlineSize: `${Math.max(MIN_PX, Math.round(width * scale))}px`,
    aspectRatio: `${Math.max(MIN_PX, width * scale)} / ${Math.max(MIN_PX, height * scale)}`,
  };
  return (
    <span ref={box} class="picture" style={style}>
      {url !== undefined && <img src={url} alt="" />}
    </span>
  );
}

/** A long chat has many pictures, and few of them are looked at. */
function whenSeen(element: HTMLElement | null, act: () => void): (() => void) | undefined {
  if (element === null) return undefined;
  const watch = new IntersectionObserver((seen) => {
    if (!seen.some(({ isIntersecting }) => isIntersecting)) return;
    watch.disconnect();
    act();
  });
  watch.observe(element);
  return () => watch.disconnect();
}

async function download(scene: Scene, { id }: FileInfo): Promise<void> {
  const { url, name } = await link(scene, id);
  const anchor = document.createElement("a");
  anchor.href = absolute(scene, url);
  anchor.download = name;
  anchor.target = "_blank";
  anchor.rel = "noopener";
  anchor.click();
}

/** A link that still works, asked for once at a time. */
async function link(scene: Scene, id: string): Promise<FileLink> {
  const known = await links.get(id)?.catch(() => undefined);
  if (known !== undefined && Date.parse(known.expiresAt) > Date.now() + SPARE_MS) return known;
  const asked = ask(scene, id);
  links.set(id, asked);
  return asked;
}

async function ask({ line }: Scene, id: string): Promise<FileLink> {
  const client = await line.open();
  return fileLink(await client.access(), id);
}

function absolute({ host }: Scene, url: string): string {
  return new URL(url, host.base || location.href).href;
}
