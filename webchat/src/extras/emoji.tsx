import { useEffect, useRef } from "preact/hooks";
import { t } from "../panel/words";
import { useDress } from "./dress";

const FACES = [..."😀😂😊😍😢😡👍👎🙏👏🎉❤🔥👀✅❓"];

interface FacesProps {
  readonly onPick: (face: string) => void;
  readonly onClose: () => void;
}

/** Sixteen common ones; for the others every system has a picker of its own. */
export function Faces({ onPick, onClose }: FacesProps) {
  useDress();
  const box = useRef<HTMLFieldSetElement>(null);
  useEffect(() => box.current?.querySelector("button")?.focus(), []);
  const onKeyDown = (event: KeyboardEvent) => {
    if (event.key !== "Escape") return;
    event.preventDefault();
    onClose();
  };
  return (
    <fieldset ref={box} class="faces" aria-label={t("emoji")} onKeyDown={onKeyDown}>
      {FACES.map((face) => (
        <button key={face} type="button" onClick={() => onPick(face)}>
          {face}
        </button>
      ))}
    </fieldset>
  );
}
