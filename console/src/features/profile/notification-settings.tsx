import { BellRing } from "lucide-react";
import { useState } from "react";
import { chime } from "../../shared/notify/chime";
import { useSettings } from "../../shared/settings/settings";
import { Button } from "../../shared/ui/button";
import { useWords } from "../../shared/words/words";
import { Section, Switch } from "./parts";

type Answer = "sounded" | "blocked" | "unsupported" | null;

/** What calls this agent, and a button that proves that it does. */
export function NotificationSettings() {
  const { t } = useWords();
  const { sound, soundInFront, notifications, set } = useSettings();
  const [answer, setAnswer] = useState<Answer>(null);
  const test = async () => {
    await chime();
    const permission = await permitted();
    if (permission === "granted") {
      set({ notifications: true });
      new Notification(t("testTitle"), { body: t("testBody"), tag: "test" });
    }
    setAnswer(ANSWERS[permission]);
  };
  return (
    <Section title={t("notifications")}>
      <Switch
        label={t("sound")}
        hint={t("soundHint")}
        isOn={sound}
        onChange={(isOn) => set({ sound: isOn })}
      />
      <Switch
        label={t("soundInFront")}
        hint={t("soundInFrontHint")}
        isOn={soundInFront}
        onChange={(isOn) => set({ soundInFront: isOn })}
      />
      <Switch
        label={t("notificationsOn")}
        hint={t("notificationsHint")}
        isOn={notifications}
        onChange={(isOn) => (isOn ? void test() : set({ notifications: false }))}
      />
      <div className="flex flex-wrap items-center gap-3">
        <Button onClick={() => void test()}>
          <BellRing className="size-4" aria-hidden="true" /> {t("test")}
        </Button>
        <p role="status" className="text-sm text-muted">
          {answer !== null && t(`test-${answer}`)}
        </p>
      </div>
    </Section>
  );
}

const ANSWERS = {
  granted: "sounded",
  denied: "blocked",
  default: "blocked",
  none: "unsupported",
} as const;

async function permitted(): Promise<NotificationPermission | "none"> {
  return "Notification" in window ? Notification.requestPermission() : "none";
}
