import type { InboxItem } from "@chorus/sdk";
import type { Inbox } from "@chorus/sdk/inbox";
import { useQueryClient } from "@tanstack/react-query";
import { Command } from "cmdk";
import { Dialog as Radix } from "radix-ui";
import { contactName } from "../../shared/domain/people";
import { ACTIONS, type Action, IS_MAC, keyOf, spelled } from "../../shared/keys/keymap";
import { isAnswered, perform } from "../../shared/keys/use-keys";
import { useSettings } from "../../shared/settings/settings";
import { Keys } from "../../shared/ui/kbd";
import { useWords } from "../../shared/words/words";

export interface Place {
  readonly key: string;
  readonly label: string;
  go(): void;
}

interface PaletteProps {
  readonly onClose: () => void;
  readonly places: readonly Place[];
  readonly onOpen: (conv: string) => void;
}

const HIDDEN: ReadonlySet<Action> = new Set(["palette", "leave"]);
const MOST_CONVERSATIONS = 30;

/** Everything that can be done or opened, by a few letters of its name. */
export function Palette({ onClose, places, onOpen }: PaletteProps) {
  const { t } = useWords();
  const run = (act: () => void) => () => {
    onClose();
    // The field is gone first, so that what is done finds the focus where it was.
    requestAnimationFrame(act);
  };
  return (
    <Radix.Root open onOpenChange={(open) => !open && onClose()}>
      <Radix.Portal>
        <div className="fixed inset-0 z-40 bg-shade" aria-hidden="true" />
        <Radix.Content
          aria-describedby={undefined}
          className="fixed start-1/2 top-[14vh] z-50 w-[min(92vw,36rem)] -translate-x-1/2 overflow-hidden rounded-xl border border-line bg-surface shadow-pop outline-none rtl:translate-x-1/2"
        >
          <Radix.Title className="sr-only">{t("palette")}</Radix.Title>
          <Command className="cmd" label={t("palette")} loop>
            <Command.Input
              autoFocus
              placeholder={t("palettePlaceholder")}
              className="h-12 w-full border-b border-line bg-transparent px-4 text-[15px] outline-none placeholder:text-muted"
            />
            <Command.List className="max-h-[50vh] overflow-y-auto p-2">
              <Command.Empty className="p-6 text-center text-sm text-muted">
                {t("nothingFound")}
              </Command.Empty>
              <Actions run={run} />
              <Command.Group heading={t("goTo")}>
                {places.map(({ key, label, go }) => (
                  <Command.Item key={key} value={`${t("goTo")} ${label}`} onSelect={run(go)}>
                    {label}
                  </Command.Item>
                ))}
              </Command.Group>
              <Looks run={run} />
              <Conversations run={run} onOpen={onOpen} />
            </Command.List>
          </Command>
        </Radix.Content>
      </Radix.Portal>
    </Radix.Root>
  );
}

type Run = (act: () => void) => () => void;

function Actions({ run }: { readonly run: Run }) {
  const { t } = useWords();
  const keys = useSettings((settings) => settings.keys);
  const possible = ACTIONS.filter((action) => !HIDDEN.has(action) && isAnswered(action));
  return (
    <Command.Group heading={t("actions")}>
      {possible.map((action) => (
        <Command.Item
          key={action}
          value={t(`key-${action}`)}
          onSelect={run(() => void perform(action))}
        >
          <span className="flex-1">{t(`key-${action}`)}</span>
          <Keys keys={spelled(keyOf(action, keys), IS_MAC)} />
        </Command.Item>
      ))}
    </Command.Group>
  );
}

function Looks({ run }: { readonly run: Run }) {
  const { t } = useWords();
  const { density, sound, set } = useSettings();
  const dense = density === "compact" ? "comfortable" : "compact";
  return (
    <Command.Group heading={t("appearance")}>
      {(["light", "dark", "system"] as const).map((theme) => (
        <Command.Item
          key={theme}
          value={`${t("theme")} ${t(`theme-${theme}`)}`}
          onSelect={run(() => set({ theme }))}
        >
          {t("theme")}: {t(`theme-${theme}`)}
        </Command.Item>
      ))}
      <Command.Item
        value={`${t("density")} ${t(`density-${dense}`)}`}
        onSelect={run(() => set({ density: dense }))}
      >
        {t("density")}: {t(`density-${dense}`)}
      </Command.Item>
      <Command.Item
        value={t(sound ? "soundOff" : "soundOn")}
        onSelect={run(() => set({ sound: !sound }))}
      >
        {t(sound ? "soundOff" : "soundOn")}
      </Command.Item>
    </Command.Group>
  );
}

interface ConversationsProps {
  readonly run: Run;
  readonly onOpen: (conv: string) => void;
}

function Conversations({ run, onOpen }: ConversationsProps) {
  const words = useWords();
  const cache = useQueryClient();
  const rows = rowsIn(cache.getQueriesData<Inbox>({ queryKey: ["live", "inbox"] }));
  return (
    <Command.Group heading={words.t("conversations")}>
      {rows.map((row) => {
        const name = contactName(row.contact.name, row.contact.id, words);
        return (
          <Command.Item
            key={row.conv}
            value={`${name} ${row.preview} ${row.conv}`}
            onSelect={run(() => onOpen(row.conv))}
          >
            <span dir="auto" className="shrink-0 font-medium">
              {name}
            </span>
            <span dir="auto" className="truncate text-muted">
              {row.preview}
            </span>
          </Command.Item>
        );
      })}
    </Command.Group>
  );
}

/** What any view has shown, newest first. */
function rowsIn(found: readonly (readonly [unknown, Inbox | undefined])[]): InboxItem[] {
  const rows = new Map(
    found.flatMap(([, inbox]) => Object.values(inbox?.rows ?? {})).map((row) => [row.conv, row]),
  );
  return [...rows.values()]
    .sort((a, b) => b.last_ts.localeCompare(a.last_ts))
    .slice(0, MOST_CONVERSATIONS);
}
