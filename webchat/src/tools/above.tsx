import { useEffect } from "preact/hooks";
import { Icon } from "../panel/icon";
import type { Scene } from "../panel/scene";
import { useExtras, useScene } from "../panel/use-scene";
import { t } from "../panel/words";
import { TOOL_ICONS } from "./icons";
import { Shortcuts } from "./shortcuts";
import { sizeName } from "./size-name";
import { type Item, type Tray, trayOf } from "./tray";

interface AboveProps {
  /** Put something into the text where the cursor is. */
  readonly insert: (text: string) => void;
  readonly focus: () => void;
}

/** What stands above the field: shortcuts, faces to choose from, and files that go along. */
export function Above({ insert, focus }: AboveProps) {
  const scene = useScene();
  const tray = trayOf(scene);
  const extras = useExtras(scene.faces === true);
  useResumed(scene, tray);
  const { id: conv, epoch } = scene.state.conversation ?? {};
  useEffect(() => {
    // Without an epoch the server has not said yet which one it is.
    if (conv !== undefined && epoch !== null) tray.enter(conv);
  }, [conv, epoch, tray]);
  const close = () => {
    scene.faces = false;
    scene.changed();
    focus();
  };
  return (
    <>
      <Shortcuts />
      {scene.faces && extras !== undefined && <extras.Faces onPick={insert} onClose={close} />}
      {tray.items.length > 0 && (
        <ul class="tray" aria-label={t("files")}>
          {tray.items.map((item) => (
            <TrayRow key={item.id} item={item} tray={tray} focus={focus} />
          ))}
        </ul>
      )}
      {tray.refusal !== "" && (
        <p class="problem" role="alert">
          {tray.refusal}
        </p>
      )}
    </>
  );
}

interface TrayRowProps {
  readonly item: Item;
  readonly tray: Tray;
  readonly focus: () => void;
}

function TrayRow({ item, tray, focus }: TrayRowProps) {
  const { id, name, phase, reason, preview } = item;
  const isFailed = phase === "failed";
  const remove = () => {
    tray.remove(id);
    focus();
  };
  return (
    <li class="tray-row" data-phase={phase}>
      {preview === undefined || isFailed ? (
        <span class="thumb">
          <Icon path={isFailed ? TOOL_ICONS.alert : TOOL_ICONS.file} />
        </span>
      ) : (
        <img class="thumb" src={preview} alt="" />
      )}
      <span class="tray-words">
        <bdi class="file-name">{name}</bdi>
        {isFailed ? (
          <span class="problem" role="alert" dir="auto">
            {reason}
          </span>
        ) : (
          <State item={item} />
        )}
      </span>
      {isFailed && item.mayRetry && (
        <button type="button" class="link-button" onClick={() => tray.retry(id)}>
          {t("retry")}
        </button>
      )}
      <button
        type="button"
        class="icon-button"
        aria-label={t("removeFile", { name })}
        onClick={remove}
      >
        <Icon path="M6 6l12 12M18 6L6 18" size={16} />
      </button>
    </li>
  );
}

function State({ item: { name, phase, share, size } }: { readonly item: Item }) {
  if (phase === "ready") return <small>{sizeName(size)}</small>;
  return <progress value={share} max={1} aria-label={t("uploading", { name })} />;
}

/** Whatever broke off with the network goes on with it. */
function useResumed({ state }: Scene, tray: Tray): void {
  const isOnline = state.connection.phase === "online";
  useEffect(() => {
    if (isOnline) tray.resume();
  }, [isOnline, tray]);
  useEffect(() => {
    const resume = () => tray.resume();
    addEventListener("online", resume);
    return () => removeEventListener("online", resume);
  }, [tray]);
}
