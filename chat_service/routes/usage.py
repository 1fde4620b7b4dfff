"""What models cost, over REST."""

from dataclasses import asdict
from typing import Annotated, Any, Final

from fastapi import Query, Response

from chat_service import usage
from chat_service.routes.admin_parts import ADMIN, By
from chat_service.routes.guard import Needs, Route, Who, With
from chat_service.routes.usage_shapes import (
    ModelSpent,
    MonthSpent,
    UsageAnswer,
    UsageLimit,
    UsageQuery,
)
from chat_service.store.usage import Month
from chat_service.usage import Usage
from chorus.web import json_response

_LOOK: Final = Needs("admin:read", frozenset({"admin", "server"}))
_PATH: Final = "/admin/usage"


async def usage_shown(asked: Annotated[UsageQuery, Query()], resources: With, who: Who) -> Response:
    """Calls, tokens and money of a calendar month (UTC), by purpose and model; and of the last twelve."""
    found = await usage.read(resources.db, who, resources.clock, month=asked.month)
    return json_response(_usage(found))


async def limited(body: UsageLimit, resources: With, by: By) -> Response:
    """Spend less than the plan allows; what is asked for beyond is done by rules."""
    await usage.limit(resources.commands, by, body.cap_micros)
    return json_response(_usage(await usage.read(resources.db, by.principal, resources.clock)))


def _usage(found: Usage) -> dict[str, Any]:
    answer = UsageAnswer(
        month=found.month,
        micros=found.now.micros,
        calls=found.now.calls,
        budget_micros=found.now.budget_micros,
        cap_micros=found.cap_micros,
        standing=found.standing,
        models=[ModelSpent(**asdict(one)) for one in found.spent],
        months=[_month(one) for one in found.months],
    )
    return answer.model_dump(mode="json", by_alias=True)


def _month(one: Month) -> MonthSpent:
    return MonthSpent(
        month=one.month, micros=one.micros, calls=one.calls, budget_micros=one.budget_micros
    )


ROUTES = (
    Route("GET", _PATH, usage_shown, _LOOK, "What models cost", UsageAnswer),
    Route("PATCH", _PATH, limited, ADMIN, "Spend less than the plan allows", UsageAnswer),
)
