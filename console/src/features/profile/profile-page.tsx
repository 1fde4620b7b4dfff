import type { ReactNode } from "react";
import { useMe } from "../../shared/api/queries";
import { useSession } from "../../shared/live/session";
import { type Density, type Theme, useSettings } from "../../shared/settings/settings";
import { Avatar } from "../../shared/ui/avatar";
import { isLocale, LOCALES } from "../../shared/words/locale";
import { useWords } from "../../shared/words/words";
import { NotificationSettings } from "./notification-settings";
import { Section, Select, Switch } from "./parts";
import { ShortcutSettings } from "./shortcut-settings";

/** How the console looks, sounds and listens to this agent. */
export function ProfilePage() {
  const { t } = useWords();
  return (
    <main className="min-h-0 flex-1 overflow-y-auto bg-canvas">
      <div className="mx-auto flex max-w-3xl flex-col gap-5 p-8">
        <h1 className="text-xl font-semibold">{t("profile")}</h1>
        <Who />
        <NotificationSettings />
        <Appearance />
        <ShortcutSettings />
      </div>
    </main>
  );
}

function Who(): ReactNode {
  const { agent } = useSession();
  const { t } = useWords();
  const me = useMe().data;
  const groups = [...(me?.queues ?? []), ...(me?.teams ?? [])].map(({ name }) => name);
  return (
    <Section title={t("you")}>
      <div className="flex items-center gap-3">
        <Avatar id={agent.id} name={agent.name} />
        <div>
          <p className="font-semibold" dir="auto">
            {agent.name}
          </p>
          <p className="text-sm text-muted">
            {[t(roleKey(agent.role)), ...new Set(groups)].join(" · ")}
          </p>
        </div>
      </div>
    </Section>
  );
}

function roleKey(role: string) {
  return role === "admin" || role === "supervisor" ? (`role-${role}` as const) : "role-agent";
}

function Appearance() {
  const { t } = useWords();
  const { theme, density, locale, enterSends, set } = useSettings();
  const language = Object.entries(LOCALES);
  return (
    <Section title={t("appearance")}>
      <Select
        label={t("theme")}
        value={theme}
        options={(["system", "light", "dark"] as const).map((one) => [one, t(`theme-${one}`)])}
        onChange={(value) => set({ theme: value as Theme })}
      />
      <Select
        label={t("density")}
        value={density}
        options={(["comfortable", "compact"] as const).map((one) => [one, t(`density-${one}`)])}
        onChange={(value) => set({ density: value as Density })}
      />
      <Select
        label={t("language")}
        value={locale ?? ""}
        options={[["", t("languageOfBrowser")], ...language]}
        onChange={(value) => set({ locale: isLocale(value) ? value : null })}
      />
      <Switch
        label={t("enterSends")}
        hint={t("enterSendsHint")}
        isOn={enterSends}
        onChange={(isOn) => set({ enterSends: isOn })}
      />
    </Section>
  );
}
