import { Ban, KeyRound, LogIn } from "lucide-react";
import { useState } from "react";
import { useChange } from "../../shared/api/changes";
import { type Role, roleKey } from "../../shared/domain/roles";
import { keys } from "../../shared/live/keys";
import { useSession } from "../../shared/live/session";
import { Button } from "../../shared/ui/button";
import { Confirm } from "../../shared/ui/confirm";
import { SelectField } from "../../shared/ui/form";
import { Card } from "../../shared/ui/page";
import { useScreenWords } from "../../shared/words/screen-words";
import { InvitationDialog, type Invited, linkOf, ROLES } from "./invite";
import type { Agent } from "./shapes";

/** What an account may, and whether it still may come in. Each choice holds at once. */
export function Account({ agent }: { readonly agent: Agent }) {
  const { t } = useScreenWords();
  const own = useSession().agent.id === agent.id;
  const changes = [keys.agents, keys.me(agent.id)];
  const change = useChange({ changes });
  const path = `/admin/agents/${agent.id}`;
  const role = ROLES.find((one) => roleKey(agent.role) === `role-${one}`) ?? "agent";
  return (
    <Card title={t("account")} hint={own ? t("ownAccountHint") : t("accountHint")}>
      <div className="flex flex-wrap items-start gap-x-4 gap-y-4">
        <div className="w-72">
          <SelectField
            label={t("role")}
            value={role}
            hint={t(`role-${role}-hint`)}
            disabled={own}
            options={ROLES.map((one) => ({ value: one, label: t(`role-${one}`) }))}
            onChange={(value) =>
              change.mutate({ path, method: "PATCH", body: { role: value as Role } })
            }
          />
        </div>
        <Password path={path} />
        {!own && <Door agent={agent} path={path} />}
      </div>
    </Card>
  );
}

function Password({ path }: { readonly path: string }) {
  const { t } = useScreenWords();
  const [link, setLink] = useState<string | null>(null);
  const invite = useChange<Invited["invitation"] | Invited>({
    changes: [],
    said: "",
    onDone: (made) => setLink(linkOf("invitation" in made ? made.invitation.url : made.url)),
  });
  return (
    <>
      <Button
        className="mt-6"
        onClick={() => invite.mutate({ path: `${path}/invite`, method: "POST" })}
      >
        <KeyRound className="size-4" aria-hidden="true" /> {t("newPassword")}
      </Button>
      <InvitationDialog link={link} onClose={() => setLink(null)} />
    </>
  );
}

interface DoorProps {
  readonly agent: Agent;
  readonly path: string;
}

function Door({ agent, path }: DoorProps) {
  const { t } = useScreenWords();
  const [isAsking, setAsking] = useState(false);
  const change = useChange({ changes: [keys.agents, keys.me(agent.id)] });
  if (agent.disabled) {
    return (
      <Button
        className="mt-6"
        onClick={() => change.mutate({ path: `${path}/enable`, method: "POST" })}
      >
        <LogIn className="size-4" aria-hidden="true" /> {t("letIn")}
      </Button>
    );
  }
  return (
    <>
      <Button look="danger" className="mt-6" onClick={() => setAsking(true)}>
        <Ban className="size-4" aria-hidden="true" /> {t("shutOut")}
      </Button>
      <Confirm
        title={t("shutOutNamed", { name: agent.name })}
        act={t("shutOut")}
        isOpen={isAsking}
        onClose={() => setAsking(false)}
        onConfirm={() => change.mutate({ path: `${path}/disable`, method: "POST" })}
      >
        {t("shutOutHint")}
      </Confirm>
    </>
  );
}
