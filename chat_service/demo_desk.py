"""What the demo tenant's agents have at hand: labels, macros, views, a team. Pure."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from chat_service.demo_plan import Cast
from chat_service.demo_story import Values
from chorus.ids import uuid7
from chorus.tables.columns import Row
from chorus.tables.desk import Label, Macro, SavedView
from chorus.tables.people import Team, TeamMember
from chorus.tables.work import Job


def desk_of(
    cast: Cast, script: Mapping[str, Any], began: datetime
) -> list[tuple[type[Row], list[Values]]]:
    """Rows by table, in the order in which they can be stored; all of it is everybody's."""
    desk, tenant = script["desk"], {"tenant_id": cast.tenant_id}
    made = {**tenant, "created_at": began}
    dated = {**made, "agent_id": None, "updated_at": began}
    team_id = uuid7()
    members = [{**tenant, "team_id": team_id, "agent_id": one.userId} for one in cast.agents[-2:]]
    # What was seeded came without events that tell of it.
    backfill = {**tenant, "id": uuid7(), "kind": "search_backfill", "key": "seed"}
    return [
        (Label, [{**made, "name": name, "color": one} for name, one in desk["labels"].items()]),
        (Macro, [{**dated, "id": uuid7(), **one} for one in desk["macros"]]),
        (SavedView, [{**dated, "id": uuid7(), **one} for one in desk["views"]]),
        (Team, [{**made, "id": team_id, "name": desk["team"]}]),
        (TeamMember, members),
        (Job, [backfill]),
    ]
