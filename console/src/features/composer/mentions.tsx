import { Users } from "lucide-react";
import type { RefObject } from "react";
import { useAgents, useTeams } from "../../shared/api/queries";
import { useSession } from "../../shared/live/session";
import { Avatar } from "../../shared/ui/avatar";
import { showThen } from "../../shared/ui/show-then";
import { useWords } from "../../shared/words/words";
import { mentionAt, remember, replaced } from "./meaning";
import { Suggestions, useSuggesting } from "./suggestions";

interface MentionsProps {
  readonly field: RefObject<HTMLTextAreaElement | null>;
  readonly text: string;
  readonly onChange: (text: string) => void;
}

const MOST = 6;

/** `@` in a note offers colleagues and teams. */
export function Mentions({ field, text, onChange }: MentionsProps) {
  const { t } = useWords();
  const { agent } = useSession();
  const agents = useAgents().data ?? [];
  const teams = useTeams().data ?? [];
  const caret = field.current?.selectionStart ?? text.length;
  const wanted = mentionAt(text, caret)?.toLocaleLowerCase();
  const people = [
    ...agents.filter(({ id, disabled }) => id !== agent.id && !disabled).map(nameOf(false)),
    ...teams.map(nameOf(true)),
  ];
  const items =
    wanted === undefined
      ? []
      : people.filter(({ name }) => name.toLocaleLowerCase().startsWith(wanted)).slice(0, MOST);
  const suggesting = useSuggesting({
    field,
    text,
    items,
    onTake: ({ id, name }) => {
      remember(id, name);
      const put = replaced(text, caret, /@[^@]*$/u, `@${name} `);
      showThen(
        () => onChange(put.text),
        () => field.current?.setSelectionRange(put.caret, put.caret),
      );
      return put.text;
    },
  });
  return (
    <Suggestions label={t("mention")} keyOf={({ id }) => id} {...suggesting}>
      {({ id, name, isTeam }) => (
        <>
          {isTeam ? (
            <Users className="size-5 p-0.5 text-muted" aria-hidden="true" />
          ) : (
            <Avatar id={id} name={name} size="tiny" />
          )}
          <span dir="auto">{name}</span>
        </>
      )}
    </Suggestions>
  );
}

function nameOf(isTeam: boolean) {
  return ({ id, name }: { readonly id: string; readonly name: string }) => ({ id, name, isTeam });
}
