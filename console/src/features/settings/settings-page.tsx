import { Link, useParams } from "@tanstack/react-router";
import { Settings2 } from "lucide-react";
import { Suspense } from "react";
import { useSession } from "../../shared/live/session";
import { Empty } from "../../shared/ui/empty";
import { Loading } from "../../shared/ui/page";
import { NotAllowed, Rows } from "../../shared/ui/states";
import { useScreenWords } from "../../shared/words/screen-words";
import { firstSection, GROUPS, mayOpen, SECTIONS } from "./sections";

export function SettingsPage() {
  return (
    <Loading>
      <Settings />
    </Loading>
  );
}

/** How this installation works, as far as this role may see it. Section and item are the address. */
function Settings() {
  const { section: wanted, id } = useParams({ strict: false });
  const { agent } = useSession();
  const section = SECTIONS.find(({ key }) => key === (wanted ?? firstSection(agent.role)));
  return (
    <div className="flex min-h-0 min-w-0 flex-1 max-[700px]:flex-col">
      <Sections />
      <main className="min-h-0 min-w-0 flex-1 overflow-y-auto bg-canvas" data-page>
        <div className="mx-auto flex max-w-5xl flex-col gap-5 px-8 py-6 max-[700px]:px-4">
          {section === undefined ? (
            <Unknown />
          ) : mayOpen(section, agent.role) ? (
            <Suspense fallback={<Rows count={6} />}>
              <section.component id={id} key={section.key} />
            </Suspense>
          ) : (
            <NotAllowed />
          )}
        </div>
      </main>
    </div>
  );
}

function Unknown() {
  const { t } = useScreenWords();
  return (
    <Empty icon={Settings2} title={t("chooseSetting")}>
      {t("chooseSettingHint")}
    </Empty>
  );
}

function Sections() {
  const { t } = useScreenWords();
  const { agent } = useSession();
  return (
    <nav
      aria-label={t("settings")}
      className="flex w-56 shrink-0 flex-col gap-4 overflow-y-auto border-e border-line bg-surface px-3 py-6 max-[700px]:w-auto max-[700px]:flex-row max-[700px]:py-2"
    >
      <p className="px-2 text-xl font-semibold max-[700px]:hidden">{t("settings")}</p>
      {GROUPS.map((group) => {
        const shown = SECTIONS.filter((one) => one.group === group && mayOpen(one, agent.role));
        if (shown.length === 0) return null;
        return (
          <div key={group}>
            <p className="px-2 pb-1 text-xs font-semibold text-muted max-[700px]:hidden">
              {t(`group-${group}`)}
            </p>
            <ul className="flex flex-col gap-0.5 max-[700px]:flex-row">
              {shown.map(({ key, title, icon: Sign }) => (
                <li key={key}>
                  <Link
                    to="/settings/$section"
                    params={{ section: key }}
                    className="flex items-center gap-2.5 rounded-md px-2 py-1.5 text-sm whitespace-nowrap text-muted hover:bg-hover hover:text-ink data-[status=active]:bg-accent-soft data-[status=active]:font-medium data-[status=active]:text-accent-text"
                  >
                    <Sign className="size-4 shrink-0" aria-hidden="true" />
                    {t(title)}
                  </Link>
                </li>
              ))}
            </ul>
          </div>
        );
      })}
    </nav>
  );
}
