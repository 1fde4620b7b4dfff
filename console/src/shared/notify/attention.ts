import { useSettings } from "../settings/settings";
import { chime } from "./chime";

interface Call {
  readonly title: string;
  readonly body: string;
  readonly tag: string;
  onClick(): void;
}

/** Make somebody look: by sound and, while they are elsewhere, by a notification of the system. */
export function call({ title, body, tag, onClick }: Call): void {
  const { sound, soundInFront, notifications } = useSettings.getState();
  const isInFront = document.visibilityState === "visible" && document.hasFocus();
  if (sound && (soundInFront || !isInFront)) void chime();
  if (!notifications || isInFront || Notification.permission !== "granted") return;
  const shown = new Notification(title, { body, tag, requireInteraction: true });
  shown.onclick = () => {
    window.focus();
    shown.close();
    onClick();
  };
}

const NAME = "Chorus";

/** The number in the title and on the sign of the tab. */
export function showCount(count: number): void {
  document.title = count > 0 ? `(${count}) ${NAME}` : NAME;
  const link = document.querySelector<HTMLLinkElement>("link[rel=icon]");
  if (link === null) return;
  link.dataset.plain ??= link.href;
  link.href = count > 0 ? drawn(count) : link.dataset.plain;
}

const SIDE_PX = 32;

function drawn(count: number): string {
  const canvas = document.createElement("canvas");
  canvas.width = SIDE_PX;
  canvas.height = SIDE_PX;
  const pen = canvas.getContext("2d");
  if (pen === null) return "";
  pen.fillStyle = "#c4291f";
  pen.beginPath();
  pen.arc(SIDE_PX / 2, SIDE_PX / 2, SIDE_PX / 2, 0, 2 * Math.PI);
  pen.fill();
  pen.fillStyle = "#ffffff";
  pen.font = "bold 20px sans-serif";
  pen.textAlign = "center";
  pen.textBaseline = "middle";
  pen.fillText(count > 9 ? "9+" : String(count), SIDE_PX / 2, SIDE_PX / 2 + 1);
  return canvas.toDataURL();
}
