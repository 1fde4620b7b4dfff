import { useChange } from "../../shared/api/changes";
import { useAgents } from "../../shared/api/queries";
import { roleKey } from "../../shared/domain/roles";
import { keys } from "../../shared/live/keys";
import { CheckList } from "../../shared/ui/check-list";
import { Card } from "../../shared/ui/page";
import { Answer } from "../../shared/ui/states";
import { useScreenWords } from "../../shared/words/screen-words";

interface MembersProps {
  readonly of: "queues" | "teams";
  readonly id: string;
  readonly title: string;
  readonly hint: string;
}

/** Who serves a queue or belongs to a team. Each box holds at once. */
export function Members({ of, id, title, hint }: MembersProps) {
  const { t } = useScreenWords();
  const agents = useAgents();
  const change = useChange({ changes: [keys.agents, keys[of]], said: "" });
  return (
    <Card title={title} hint={hint}>
      <Answer of={agents}>
        {(found) => (
          <CheckList
            label={t("agents")}
            items={found
              .filter(({ disabled }) => !disabled)
              .map((one) => ({ id: one.id, name: one.name, note: t(roleKey(one.role)) }))}
            chosen={new Set(found.filter((one) => isMember(one[of], id)).map((one) => one.id))}
            onChange={(agent, isIn) =>
              change.mutate({
                path: `/admin/${of}/${id}/members/${agent}`,
                method: isIn ? "PUT" : "DELETE",
              })
            }
          />
        )}
      </Answer>
    </Card>
  );
}

function isMember(groups: readonly { readonly id: string }[], id: string): boolean {
  return groups.some((one) => one.id === id);
}
