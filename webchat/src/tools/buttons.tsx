import { useEffect, useRef } from "preact/hooks";
import { ICONS, Icon } from "../panel/icon";
import type { Scene } from "../panel/scene";
import { useScene } from "../panel/use-scene";
import { t } from "../panel/words";
import { TOOL_ICONS } from "./icons";
import css from "./tools.css?inline";
import { takesFiles, trayOf } from "./tray";

/** What stands in the field beside the text: files, and faces. */
export function Buttons() {
  const scene = useScene();
  scene.dress(css);
  const place = useRef<HTMLSpanElement>(null);
  const files = takesFiles(scene);
  useEffect(() => listen(scene, place.current), [scene]);
  const isFacing = scene.faces === true;
  const toggle = () => {
    scene.faces = !isFacing;
    scene.changed();
  };
  return (
    <span ref={place} class="tools">
      {files && <Attach scene={scene} />}
      {scene.settings.features?.emoji !== false && (
        <button
          type="button"
          class="icon-button"
          aria-label={t("emoji")}
          aria-expanded={isFacing}
          onClick={toggle}
        >
          <Icon path={isFacing ? ICONS.close : TOOL_ICONS.smile} />
        </button>
      )}
    </span>
  );
}

function Attach({ scene }: { readonly scene: Scene }) {
  const picker = useRef<HTMLInputElement>(null);
  const onPicked = () => {
    const { current } = picker;
    if (current === null) return;
    trayOf(scene).add([...(current.files ?? [])]);
    // Or the same file could not be chosen again.
    current.value = "";
  };
  return (
    <>
      <button
        type="button"
        class="icon-button"
        aria-label={t("attach")}
        onClick={() => picker.current?.click()}
      >
        <Icon path={TOOL_ICONS.clip} />
      </button>
      <input
        ref={picker}
        type="file"
        multiple
        hidden
        accept={scene.told?.files?.types.join(",")}
        onChange={onPicked}
      />
    </>
  );
}

/** Files that are pasted into the text or dropped onto the chat; answers how to stop. */
function listen(scene: Scene, place: HTMLElement | null): (() => void) | undefined {
  const box = place?.closest<HTMLElement>(".window");
  if (box == null) return undefined;
  const take = (event: Event, data: DataTransfer | null) => {
    const files = [...(data?.files ?? [])];
    if (files.length === 0 || !takesFiles(scene)) return;
    event.preventDefault();
    trayOf(scene).add(files);
  };
  const hold = (event: DragEvent) => {
    if (event.dataTransfer?.types.includes("Files")) event.preventDefault();
    box.toggleAttribute("data-drop", takesFiles(scene));
  };
  const release = () => box.removeAttribute("data-drop");
  const drop = (event: DragEvent) => {
    release();
    // Without this the browser would leave the page for the file.
    if (event.dataTransfer?.types.includes("Files")) event.preventDefault();
    take(event, event.dataTransfer);
  };
  const paste = (event: ClipboardEvent) => take(event, event.clipboardData);
  const ears = { paste, dragover: hold, dragleave: release, drop };
  for (const [name, ear] of Object.entries(ears)) box.addEventListener(name, ear as EventListener);
  return () => {
    for (const [name, ear] of Object.entries(ears)) {
      box.removeEventListener(name, ear as EventListener);
    }
  };
}
