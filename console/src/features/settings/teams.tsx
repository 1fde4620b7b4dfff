import { Plus, Trash2, UsersRound } from "lucide-react";
import { useState } from "react";
import { problemOf, useChange } from "../../shared/api/changes";
import { useTeams } from "../../shared/api/queries";
import type { TeamCard } from "../../shared/api/shapes";
import { isAdmin } from "../../shared/domain/roles";
import { keys } from "../../shared/live/keys";
import { useSession } from "../../shared/live/session";
import { Button } from "../../shared/ui/button";
import { Confirm } from "../../shared/ui/confirm";
import { Empty } from "../../shared/ui/empty";
import { TextField } from "../../shared/ui/form";
import { Card } from "../../shared/ui/page";
import { SaveBar } from "../../shared/ui/save-bar";
import { Answer } from "../../shared/ui/states";
import { Cell, Row, Table } from "../../shared/ui/table";
import { useDraft } from "../../shared/ui/use-draft";
import { count } from "../../shared/words/figures";
import { useScreenWords } from "../../shared/words/screen-words";
import { Members } from "./membership";
import { NameDialog } from "./name-dialog";
import { Head, ItemLink } from "./parts";
import type { SectionProps } from "./sections";
import { useOpen } from "./use-open";

/** Groups of colleagues: conversations are handed to them, notes can mention them. */
export function Teams({ id }: SectionProps) {
  const { t } = useScreenWords();
  const teams = useTeams();
  return (
    <Answer of={teams}>
      {(found) => {
        const team = found.find((one) => one.id === id);
        if (team !== undefined) return <Team key={team.id} team={team} />;
        return id === undefined ? (
          <TeamList teams={found} />
        ) : (
          <Empty icon={UsersRound} title={t("gone")} />
        );
      }}
    </Answer>
  );
}

function TeamList({ teams }: { readonly teams: readonly TeamCard[] }) {
  const words = useScreenWords();
  const { t } = words;
  const mayChange = isAdmin(useSession().agent.role);
  const [isNaming, setNaming] = useState(false);
  const open = useOpen("teams");
  const make = useChange<TeamCard>({ changes: [keys.teams], onDone: ({ id }) => open(id) });
  return (
    <>
      <Head
        title={t("teams")}
        hint={t("teamsHint")}
        actions={
          mayChange && (
            <Button look="primary" onClick={() => setNaming(true)}>
              <Plus className="size-4" aria-hidden="true" /> {t("newTeam")}
            </Button>
          )
        }
      />
      <Card title={t("teams")} isFlush>
        {teams.length === 0 ? (
          <Empty icon={UsersRound} title={t("noTeams")}>
            {t("teamsHint")}
          </Empty>
        ) : (
          <Table label={t("teams")} head={[t("name"), t("members")]} figuresFrom={1}>
            {teams.map((team) => (
              <Row key={team.id}>
                <Cell>
                  <ItemLink section="teams" id={team.id}>
                    {team.name}
                  </ItemLink>
                </Cell>
                <Cell isFigure>{count(team.members, words)}</Cell>
              </Row>
            ))}
          </Table>
        )}
      </Card>
      <NameDialog
        title={t("newTeam")}
        isOpen={isNaming}
        onClose={() => setNaming(false)}
        onName={(name) => make.mutate({ path: "/admin/teams", method: "POST", body: { name } })}
      />
    </>
  );
}

function Team({ team }: { readonly team: TeamCard }) {
  const { t } = useScreenWords();
  const mayChange = isAdmin(useSession().agent.role);
  const draft = useDraft({ name: team.name });
  const path = `/admin/teams/${team.id}`;
  const save = useChange({ changes: [keys.teams, keys.agents], onDone: draft.reset });
  return (
    <>
      <Head
        title={team.name}
        backTo={{ section: "teams", name: t("teams") }}
        actions={mayChange && <Remove team={team} />}
      />
      {mayChange && (
        <Card title={t("basics")}>
          <TextField
            label={t("name")}
            value={draft.value.name}
            dir="auto"
            problem={problemOf(save.error).name}
            onChange={(name) => draft.set({ name })}
          />
        </Card>
      )}
      <Members of="teams" id={team.id} title={t("members")} hint={t("teamMembersHint")} />
      <SaveBar
        isChanged={draft.isChanged}
        isSaving={save.isPending}
        isBad={draft.value.name.trim() === ""}
        onReset={draft.reset}
        onSave={() => save.mutate({ path, method: "PATCH", body: draft.changes })}
      />
    </>
  );
}

function Remove({ team }: { readonly team: TeamCard }) {
  const { t } = useScreenWords();
  const [isAsking, setAsking] = useState(false);
  const open = useOpen("teams");
  const remove = useChange({
    changes: [keys.teams, keys.agents],
    said: t("removed"),
    onDone: () => open(),
  });
  return (
    <>
      <Button look="danger" onClick={() => setAsking(true)}>
        <Trash2 className="size-4" aria-hidden="true" /> {t("remove")}
      </Button>
      <Confirm
        title={t("removeNamed", { name: team.name })}
        act={t("remove")}
        isOpen={isAsking}
        onClose={() => setAsking(false)}
        onConfirm={() => remove.mutate({ path: `/admin/teams/${team.id}`, method: "DELETE" })}
      >
        {t("removeTeamHint")}
      </Confirm>
    </>
  );
}
