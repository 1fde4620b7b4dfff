"""Whom bots have helped and who came back, counted hour by hour."""

from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import datetime

import pytest
from structlog.testing import capture_logs

from chat_service.bot_tally import Tally
from chat_service.jobs import Tools
from chat_service.settings import ConductorSettings
from chorus import metrics
from tests.chat_service.api_world import Api, Tenant
from tests.chat_service.bot_desk import DAY, HOUR, NOON, Desk, make_bot

pytestmark = pytest.mark.anyio


@pytest.fixture
async def desk(api: Api, acme: Tenant) -> Desk:
    return Desk(api, acme, await make_bot(api, acme, "Robin"))


@dataclass(slots=True)
class Watch:
    """A clock that stands."""

    at: datetime

    def now(self) -> datetime:
        return self.at

    def monotonic(self) -> float:
        return self.at.timestamp()


def outcomes() -> tuple[float, float]:
    counter = metrics.bot_outcomes_total
    return counter.labels("resolved")._value.get(), counter.labels("reopened")._value.get()


def tools_of(desk: Desk, watch: Watch) -> Tools:
    resources = desk.api.resources
    settings = ConductorSettings.model_validate({})
    return Tools(resources.system, resources.redis, settings, watch)


async def test_what_came_of_stretches_is_counted_once_when_it_shows(desk: Desk) -> None:
    # All tenants are counted, and nobody else has been there yet.
    noon = NOON.replace(year=2031)
    await (await desk.talk(noon)).bot()
    back = await (await desk.talk(noon)).bot()
    back.at += 2 * DAY
    await back.say("customer", "Me again")
    watch, before = Watch(noon), outcomes()
    tally = Tally(tools_of(desk, watch))
    told = []
    for watch.at in (noon, noon + DAY, noon + DAY + HOUR, noon + DAY + HOUR, noon + 7 * DAY + HOUR):
        await tally.step()
        resolved, reopened = outcomes()
        told.append((resolved - before[0], reopened - before[1]))
    assert told == [(0, 0), (0, 0), (2, 0), (2, 0), (2, 1)]


@pytest.fixture
async def broken(desk: Desk, rival: Tenant) -> AsyncIterator[Desk]:
    """A tenant with a bot whose conversations the conductor cannot read."""
    made = Desk(desk.api, rival, await make_bot(desk.api, rival, "Kai"))
    await desk.api.rows(
        "CREATE POLICY broken ON conversations AS RESTRICTIVE TO chorus_system"
        f" USING (tenant_id <> '{rival.id}' OR 1 / (length(id::text) - 36) = 1)"
    )
    yield made
    await desk.api.rows("DROP POLICY broken ON conversations")


async def test_a_tenant_that_cannot_be_counted_hinders_no_other(desk: Desk, broken: Desk) -> None:
    noon = NOON.replace(year=2032)
    for one in (desk, broken):
        await (await one.talk(noon)).bot()
    before, watch = outcomes(), Watch(noon)
    tally = Tally(tools_of(desk, watch))
    with capture_logs() as logs:
        for watch.at in (noon + DAY, noon + DAY + HOUR, noon + DAY + 2 * HOUR):
            await tally.step()
    assert outcomes()[0] - before[0] == 1
    # The next hour is of their conversations no more.
    told = [(one["event"], one["tenant_id"]) for one in logs]
    assert told == [("bot_outcomes_uncounted", str(broken.tenant.id))]


async def test_what_is_made_up_for_has_an_end(desk: Desk) -> None:
    noon = NOON.replace(year=2033)
    await (await desk.talk(noon)).bot()
    before, watch = outcomes(), Watch(noon)
    tally = Tally(tools_of(desk, watch))
    watch.at = noon + DAY + 12 * HOUR
    await tally.step()
    assert outcomes() == before
