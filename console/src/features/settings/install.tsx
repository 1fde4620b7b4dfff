import { useQuery } from "@tanstack/react-query";
import { CircleAlert, CircleCheck, Copy } from "lucide-react";
import { type ReactNode, useState } from "react";
import { Button } from "../../shared/ui/button";
import { Card } from "../../shared/ui/page";
import { showToast } from "../../shared/ui/toasts";
import { useScreenWords } from "../../shared/words/screen-words";
import type { Inbox } from "./shapes";
import { checkSite, type Pinned, policyLines, tagOf } from "./snippet";

interface InstallProps {
  readonly inbox: Inbox;
  readonly onAllow: (origin: string) => void;
}

/** How the chat gets on a page. */
export function InstallCard({ inbox, onAllow }: InstallProps) {
  const { t } = useScreenWords();
  const base = baseOf(inbox.snippet);
  const pinned = useQuery({
    queryKey: ["widget", "manifest"],
    queryFn: async () => {
      const answer = await fetch("/widget/v1/manifest.json", {
        signal: AbortSignal.timeout(5_000),
      });
      if (!answer.ok) throw new Error(String(answer.status));
      return (await answer.json()) as Pinned;
    },
  }).data;
  return (
    <>
      <Card title={t("snippet")} hint={t("snippetHint")}>
        <Code text={inbox.snippet} name={t("snippet")} />
      </Card>
      {pinned !== undefined && (
        <Card title={t("pinnedSnippet")} hint={t("pinnedSnippetHint")}>
          <Code text={tagOf(base, inbox.publicKey, pinned)} name={t("pinnedSnippet")} />
        </Card>
      )}
      <Card title={t("policy-csp")} hint={t("policyHint")}>
        <Code text={policyLines(base).join("\n")} name={t("policy-csp")} />
      </Card>
      <Card title={t("installCheck")} hint={t("installCheckHint")}>
        <Check inbox={inbox} base={base} hasLoader={pinned !== undefined} onAllow={onAllow} />
      </Card>
    </>
  );
}

/** The server as pages see it, which is not always as this page does. */
function baseOf(snippet: string): string {
  const source = /src="([^"]+)\/widget\/v1\//u.exec(snippet)?.[1];
  return source ?? location.origin;
}

function Code({ text, name }: { readonly text: string; readonly name: string }) {
  const { t } = useScreenWords();
  const copy = async () => {
    await navigator.clipboard.writeText(text);
    showToast({ text: t("copied") });
  };
  return (
    <div className="flex items-start gap-2">
      <pre
        className="min-w-0 flex-1 overflow-x-auto rounded-lg bg-sunken p-3 font-mono text-xs whitespace-pre-wrap wrap-anywhere"
        dir="ltr"
      >
        {text}
      </pre>
      <Button aria-label={t("copyName", { name })} onClick={() => void copy()}>
        <Copy className="size-4" aria-hidden="true" /> {t("copy")}
      </Button>
    </div>
  );
}

interface CheckProps extends InstallProps {
  readonly base: string;
  readonly hasLoader: boolean;
}

function Check({ inbox, base, hasLoader, onAllow }: CheckProps) {
  const { t } = useScreenWords();
  const [address, setAddress] = useState("");
  const site = checkSite(address, inbox.allowedOrigins, base);
  return (
    <div className="flex flex-col gap-3 text-sm">
      <input
        type="url"
        dir="ltr"
        className="field"
        aria-label={t("pageAddress")}
        placeholder="https://shop.example.com/lamps"
        value={address}
        onChange={(event) => setAddress(event.target.value)}
      />
      <div role="status">
        <ul className="flex flex-col gap-1.5">
          <Finding isGood={inbox.enabled}>{t(inbox.enabled ? "check-on" : "check-off")}</Finding>
          <Finding isGood={hasLoader}>{t(hasLoader ? "check-loader" : "check-noLoader")}</Finding>
          {address.trim() !== "" && (
            <Finding isGood={site.verdict === "fine"}>
              {t(`site-${site.verdict}`, { origin: site.origin })}
              {site.verdict === "notAllowed" && (
                <Button size="small" className="ms-3" onClick={() => onAllow(site.origin)}>
                  {t("allowOrigin", { origin: site.origin })}
                </Button>
              )}
            </Finding>
          )}
        </ul>
      </div>
    </div>
  );
}

function Finding({ isGood, children }: { readonly isGood: boolean; readonly children: ReactNode }) {
  const Sign = isGood ? CircleCheck : CircleAlert;
  return (
    <li className={`flex items-center gap-2 ${isGood ? "text-good" : "text-danger"}`}>
      <Sign className="size-4 shrink-0" aria-hidden="true" />
      <span className="flex flex-wrap items-center">{children}</span>
    </li>
  );
}
