import type { ConversationView } from "@chorus/sdk";
import { Tabs } from "radix-ui";
import type { ReactNode } from "react";
import { useSettings } from "../../shared/settings/settings";
import { cx } from "../../shared/ui/class";
import { useWords } from "../../shared/words/words";
import { CustomerTab } from "./customer-tab";
import { FilesTab } from "./files-tab";
import { HistoryTab } from "./history-tab";
import { SummaryTab } from "./summary-tab";

export interface ContextProps {
  readonly view: ConversationView;
  readonly onAnchor: (seq: number) => void;
  readonly hrefOf: (conv: string) => string;
  readonly onSelect: (conv: string) => void;
  /** A supervisor only reads: nothing can be changed here either. */
  readonly isLookingOn?: boolean;
}

const TABS = ["summary", "customer", "history", "files"] as const;

/** What is known beside what is said. */
export function ContextPane(props: ContextProps) {
  const { t } = useWords();
  const tab = useSettings((settings) => settings.contextTab);
  const set = useSettings((settings) => settings.set);
  return (
    <aside
      aria-label={t("context")}
      className="flex w-[340px] shrink-0 flex-col border-s border-line bg-surface max-[1280px]:w-72 max-[1100px]:hidden"
    >
      <Tabs.Root
        value={tab}
        onValueChange={(next) => set({ contextTab: next })}
        className="flex min-h-0 flex-1 flex-col"
      >
        <Tabs.List
          aria-label={t("context")}
          className="flex h-14 shrink-0 items-end gap-1 border-b border-line px-3"
        >
          {TABS.map((one) => (
            <Tabs.Trigger
              key={one}
              value={one}
              data-context-tab={one}
              className={cx(
                "-mb-px h-10 cursor-pointer border-b-2 border-transparent px-2 text-[13px] font-medium text-muted outline-offset-[-2px] hover:text-ink",
                "data-[state=active]:border-accent data-[state=active]:text-ink",
              )}
            >
              {t(`tab-${one}`)}
            </Tabs.Trigger>
          ))}
        </Tabs.List>
        <Panel value="summary">
          <SummaryTab {...props} />
        </Panel>
        <Panel value="customer">
          <CustomerTab {...props} />
        </Panel>
        <Panel value="history">
          <HistoryTab {...props} />
        </Panel>
        <Panel value="files">
          <FilesTab {...props} />
        </Panel>
      </Tabs.Root>
    </aside>
  );
}

function Panel({ value, children }: { readonly value: string; readonly children: ReactNode }) {
  return (
    <Tabs.Content
      value={value}
      className="min-h-0 flex-1 overflow-y-auto p-4 outline-offset-[-3px]"
    >
      {children}
    </Tabs.Content>
  );
}
