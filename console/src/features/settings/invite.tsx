import { UserPlus } from "lucide-react";
import { useState } from "react";
import { problemOf, useChange } from "../../shared/api/changes";
import { isAdmin, type Role } from "../../shared/domain/roles";
import { keys } from "../../shared/live/keys";
import { useSession } from "../../shared/live/session";
import { Button } from "../../shared/ui/button";
import { Dialog } from "../../shared/ui/dialog";
import { SelectField, TextField } from "../../shared/ui/form";
import { useScreenWords } from "../../shared/words/screen-words";
import { SecretDialog } from "./secret";

export interface Invited {
  readonly invitation: { readonly url: string; readonly expiresAt: string };
}

export const ROLES: readonly Role[] = ["agent", "supervisor", "admin"];

/** A colleague gets an account and a link, by which they choose a password. */
export function Invite() {
  const { t } = useScreenWords();
  const mayInvite = isAdmin(useSession().agent.role);
  const [isAsking, setAsking] = useState(false);
  const [link, setLink] = useState<string | null>(null);
  const make = useChange<Invited>({
    changes: [keys.agents],
    said: "",
    onDone: ({ invitation }) => {
      setAsking(false);
      setLink(linkOf(invitation.url));
    },
  });
  if (!mayInvite) return null;
  return (
    <>
      <Button look="primary" onClick={() => setAsking(true)}>
        <UserPlus className="size-4" aria-hidden="true" /> {t("invite")}
      </Button>
      <Dialog title={t("invite")} isOpen={isAsking} onClose={() => setAsking(false)}>
        <Form
          problems={problemOf(make.error)}
          isBusy={make.isPending}
          onInvite={(body) => make.mutate({ path: "/admin/agents", method: "POST", body })}
        />
      </Dialog>
      <InvitationDialog link={link} onClose={() => setLink(null)} />
    </>
  );
}

interface InvitationProps {
  readonly link: string | null;
  readonly onClose: () => void;
}

export function InvitationDialog({ link, onClose }: InvitationProps) {
  const { t } = useScreenWords();
  return (
    <SecretDialog title={t("invitation")} secret={link} onClose={onClose}>
      {t("invitationHint")}
    </SecretDialog>
  );
}

/** Whole, so that it can be sent to somebody. */
export function linkOf(url: string): string {
  return new URL(url, location.origin).href;
}

interface FormProps {
  readonly problems: Readonly<Record<string, string>>;
  readonly isBusy: boolean;
  readonly onInvite: (body: { email: string; name: string; role: Role }) => void;
}

function Form({ problems, isBusy, onInvite }: FormProps) {
  const { t } = useScreenWords();
  const [email, setEmail] = useState("");
  const [name, setName] = useState("");
  const [role, setRole] = useState<Role>("agent");
  return (
    <form
      className="flex flex-col gap-4 px-5 pt-2 pb-5"
      onSubmit={(event) => {
        event.preventDefault();
        onInvite({ email: email.trim(), name: name.trim(), role });
      }}
    >
      <TextField
        label={t("name")}
        value={name}
        dir="auto"
        maxLength={80}
        problem={problems.name}
        onChange={setName}
      />
      <TextField
        label={t("email")}
        type="email"
        value={email}
        maxLength={254}
        problem={problems.email}
        onChange={setEmail}
      />
      <SelectField
        label={t("role")}
        value={role}
        hint={t(`role-${role}-hint`)}
        options={ROLES.map((one) => ({ value: one, label: t(`role-${one}`) }))}
        onChange={(value) => setRole(value as Role)}
      />
      <Button
        type="submit"
        look="primary"
        className="self-end"
        disabled={isBusy || name.trim() === "" || email.trim() === ""}
      >
        {t("invite")}
      </Button>
    </form>
  );
}
