import { useEffect, useRef, useState } from "react";
import { Segments } from "../../shared/ui/form";
import { useScreenWords } from "../../shared/words/screen-words";
import type { WidgetSettings } from "./widget-settings";

interface PreviewProps {
  readonly inboxKey: string;
  readonly settings: WidgetSettings;
}

const SETTLED_MS = 300;

/** The real chat in a frame. It begins anew with each change, so that nothing of before is left. */
export function Preview({ inboxKey, settings }: PreviewProps) {
  const { t } = useScreenWords();
  const [isOpen, setOpen] = useState("open");
  const [shown, setShown] = useState({ settings, round: 0 });
  const written = JSON.stringify(settings);
  useEffect(() => {
    const timer = setTimeout(() => {
      const next = JSON.parse(written) as WidgetSettings;
      setShown((before) =>
        JSON.stringify(before.settings) === written
          ? before
          : { settings: next, round: before.round + 1 },
      );
    }, SETTLED_MS);
    return () => clearTimeout(timer);
  }, [written]);
  return (
    <section aria-label={t("preview")} className="flex flex-col gap-3">
      <div className="flex items-center gap-3">
        <h2 className="me-auto font-semibold">{t("preview")}</h2>
        <Segments
          label={t("preview")}
          value={isOpen}
          options={[
            { value: "open", label: t("previewOpen") },
            { value: "closed", label: t("previewClosed") },
          ]}
          onChange={setOpen}
        />
      </div>
      <Frame
        key={`${shown.round}-${isOpen}`}
        settings={{ ...shown.settings, key: inboxKey, open: isOpen === "open" }}
      />
      <p className="text-xs text-muted">{t("previewHint")}</p>
    </section>
  );
}

function Frame({ settings }: { readonly settings: Readonly<Record<string, unknown>> }) {
  const { t } = useScreenWords();
  const frame = useRef<HTMLIFrameElement>(null);
  const first = useRef(settings);
  useEffect(() => {
    const onReady = ({ source, origin, data }: MessageEvent) => {
      const page = frame.current?.contentWindow;
      if (origin !== location.origin || source !== page) return;
      if ((data as { kind?: string }).kind !== "chorus:preview-ready") return;
      page?.postMessage({ kind: "chorus:preview", settings: first.current }, location.origin);
    };
    window.addEventListener("message", onReady);
    return () => window.removeEventListener("message", onReady);
  }, []);
  return (
    <div className="h-[36rem] w-full overflow-hidden rounded-xl border border-line bg-canvas">
      <iframe
        ref={frame}
        title={t("preview")}
        src="/console/preview/index.html"
        className="h-[48rem] w-[133.4%] origin-top-left scale-75 rtl:origin-top-right"
      />
    </div>
  );
}
