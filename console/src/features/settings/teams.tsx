import { Plus, UsersRound } from "lucide-react";
import { useState } from "react";
import { problemOf, useChange } from "../../shared/api/changes";
import { useTeams } from "../../shared/api/queries";
import type { TeamCard } from "../../shared/api/shapes";
import { isAdmin } from "../../shared/domain/roles";
import { keys } from "../../shared/live/keys";
import { useSession } from "../../shared/live/session";
import { Button } from "../../shared/ui/button";
import { Empty } from "../../shared/ui/empty";
import { Card } from "../../shared/ui/page";
import { SaveBar } from "../../shared/ui/save-bar";
import { Answer } from "../../shared/ui/states";
import { Cell, Row, Table } from "../../shared/ui/table";
import { useDraft } from "../../shared/ui/use-draft";
import { count } from "../../shared/words/figures";
import { useScreenWords } from "../../shared/words/screen-words";
import { Members } from "./membership";
import { NameDialog } from "./name-dialog";
import { Head, ItemLink, NameField } from "./parts";
import { Removal } from "./removal";
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
        actions={
          mayChange && (
            <Removal
              name={team.name}
              path={path}
              changes={[keys.teams, keys.agents]}
              section="teams"
            >
              {t("removeTeamHint")}
            </Removal>
          )
        }
      />
      {mayChange && (
        <Card title={t("basics")}>
          <NameField
            value={draft.value.name}
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
