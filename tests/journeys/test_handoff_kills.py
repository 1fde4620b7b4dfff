"""Handoffs in many conversations while conductor, edge and writer die: by time, and at failpoints.

Each schedule is drawn from its number: who dies when, and what people do. `CHORUS_HANDOFF_SCHEDULES`
sets how many there are.
"""

import asyncio
import os
import random
import signal
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from functools import partial
from itertools import chain
from time import monotonic
from uuid import UUID

import httpx
import pytest

from launch.ws_client import ChatClient
from load.stage import Stage, stage
from tests.journeys import handoff_books as books
from tests.journeys.people import has_settled, rows_of
from tests.journeys.robots import AgentRobot, Deed, GuestRobot, Hand, SupervisorRobot, open_guest
from tests.journeys.shop import Shop, open_shop
from tests.support.waiting import until

pytestmark = [pytest.mark.anyio, pytest.mark.slow, pytest.mark.no_cover, pytest.mark.timeout(300)]
QUICK = {"CHORUS_ACK_MS": "3000", "CHORUS_HEADS_EVERY_MS": "1000"}
VICTIMS = ("conductor", "edge", "writer")
SCHEDULES = int(os.environ.get("CHORUS_HANDOFF_SCHEDULES", "2"))
GUESTS = 4
KILLS = 2
AGAIN_S = 60.0
OVER_S = 60.0
MINED_OVER_S = 150.0
"""What dies lately is started again later and later: that is waited for too."""
# Each process dies again and again, wherever it comes by one of these so often.
MINES = (
    "before_offers:7,after_offers:11,before_tell:11,before_commit:19,after_commit:27"
    ",before_publish:17,before_ack:23,before_mark:14"
)


@pytest.fixture(scope="module")
def doomed() -> Iterator[Stage]:
    with stage(environment=QUICK) as on:
        yield on


@pytest.fixture(scope="module")
def mined() -> Iterator[Stage]:
    with stage(environment={**QUICK, "CHORUS_FAILPOINT": MINES}) as on:
        yield on


class Crowd:
    """The people of a shop, all at work."""

    def __init__(self, shop: Shop, dice: random.Random) -> None:
        self.shop, self.dice = shop, dice
        self.guests: list[GuestRobot] = []
        self.agents: list[AgentRobot] = []

    @property
    def late(self) -> list[GuestRobot]:
        """Those who come when called: one for each kill, after it."""
        return [one for one in self.guests if one.patient]

    @property
    def hands(self) -> list[Hand]:
        return [*(one.hand for one in self.guests), *(one.hand for one in self.agents)]

    @property
    def clients(self) -> list[ChatClient]:
        return [one.client for one in self.hands]

    @property
    def ledger(self) -> list[Deed]:
        return list(chain.from_iterable(one.ledger for one in self.hands))

    async def open(self) -> SupervisorRobot:
        dice, shop = self.dice, self.shop
        for number in range(GUESTS + KILLS):
            guest = await open_guest(shop, dice, number, patient=number >= GUESTS)
            self.guests.append(guest)
        conversations = [one.guest.conversation_id for one in self.guests]
        supervisor = SupervisorRobot(dice, shop, conversations)
        self.agents = [*(AgentRobot(dice) for _ in range(3)), supervisor]
        names = ("agent", "colleague", "expert", "supervisor")
        for robot, name in zip(self.agents, names, strict=True):
            await robot.open(shop, name)
            robot.desk.client.follow(*conversations)
        for robot in self.agents:
            robot.colleagues = [one.desk.id for one in self.agents[:3] if one is not robot]
        await shop.seen_online(*(one.desk for one in self.agents))
        return supervisor


@asynccontextmanager
async def at_work(
    on: Stage, dice: random.Random
) -> AsyncIterator[tuple[Crowd, asyncio.Task[None]]]:
    """Everybody acts; the task ends when each customer has come to an end."""
    await until(partial(_is_up, on), patience_s=AGAIN_S)
    queue = {"wrap_up_s": 1, "offer_s": 3}
    async with open_shop(on, members=["agent", "colleague", "expert"], **queue) as shop:
        crowd = Crowd(shop, dice)
        supervisor = await crowd.open()
        async with asyncio.TaskGroup() as group:
            staff = [group.create_task(one.run()) for one in crowd.agents]
            staff.append(group.create_task(supervisor.watch()))
            try:
                yield crowd, group.create_task(_everybody(crowd.guests))
            finally:
                for task in staff:
                    task.cancel()


async def _is_up(on: Stage) -> bool:
    """Whoever died last is back."""
    async with httpx.AsyncClient(base_url=on.base, timeout=5, trust_env=False) as client:
        try:
            answer = await client.get("/readyz")
        except httpx.TransportError:
            return False
    return answer.status_code == 200 and not answer.json()["degraded"]


async def _everybody(guests: list[GuestRobot]) -> None:
    async with asyncio.TaskGroup() as visits:
        for guest in guests:
            visits.create_task(guest.run())


@pytest.mark.parametrize("schedule", range(SCHEDULES))
async def test_handoffs_outlive_kill_9_at_any_time(doomed: Stage, schedule: int) -> None:
    dice = random.Random(schedule)
    others = [dice.choice(VICTIMS) for _ in range(KILLS - 1)]
    victims = dice.sample(["conductor", *others], KILLS)
    async with at_work(doomed, dice) as (crowd, over):
        for victim, late in zip(victims, crowd.late, strict=True):
            await asyncio.sleep(dice.uniform(0.1, 2.0))
            await _kill(doomed, victim)
            late.called.set()
        await _come_to_an_end(crowd, over)
        await _books_are_right(crowd)


async def test_handoffs_outlive_kill_9_in_the_middle_of_things(mined: Stage) -> None:
    before = mined.processes()
    async with at_work(mined, random.Random(20261121)) as (crowd, over):
        dead = before["conductor"]
        for late in crowd.late:
            dead = await _next_life(mined, "conductor", dead)
            late.called.set()
        await _come_to_an_end(crowd, over, within_s=MINED_OVER_S)
        await _books_are_right(crowd)
    died = [name for name in VICTIMS if mined.processes().get(name) != before[name]]
    assert died == list(VICTIMS), "this run proves nothing about those who never died"


async def _come_to_an_end(
    crowd: Crowd, over: asyncio.Task[None], *, within_s: float = OVER_S
) -> None:
    """Wait for all customers; say where those stand who are stuck."""
    _, stuck = await asyncio.wait([over], timeout=within_s)
    if stuck:
        stories = [_story(crowd, robot) for robot in crowd.guests]
        over.cancel()
        pytest.fail("\n".join(stories))
    over.result()


def _story(crowd: Crowd, robot: GuestRobot) -> str:
    about = {str(robot.guest.conversation_id), *(one["session"] for one in robot.guest.handoffs())}
    told = [f"{one['state']}:{one['reason']}" for one in robot.guest.handoffs()]
    deeds = [_spelled(one) for one in crowd.ledger if one.about in about]
    return " ".join([str(robot.guest.conversation_id), *told, "|", *deeds])


def _spelled(deed: Deed) -> str:
    settled = deed.handle.settled
    return f"{deed.who[-4:]}:{deed.event}={settled.result().code if settled.done() else '?'}"


async def _kill(on: Stage, victim: str) -> None:
    before = on.processes()[victim]
    os.kill(before[0], signal.SIGKILL)
    await _next_life(on, victim, before)


async def _next_life(on: Stage, victim: str, dead: list[int]) -> list[int]:
    """Wait until somebody who dies, or has died, is there again; answers as whom."""
    ends = monotonic() + AGAIN_S
    while (now := on.processes().get(victim, dead)) == dead:
        assert monotonic() < ends, f"{victim} was not started again"
        await asyncio.sleep(0.05)
    return now


async def _books_are_right(crowd: Crowd) -> None:
    for client in crowd.clients:
        await client.wait(partial(has_settled, client), timeout_s=AGAIN_S)
    for robot in crowd.guests:
        conv = robot.guest.conversation_id
        await _everybody_has_seen_all(crowd, conv)
        account = await books.account_of(crowd.shop, conv)
        books.nothing_is_open(account)
        books.each_step_is_recorded_once(account)
        books.each_offer_ends_once(account)
        books.nobody_shares_a_customer(account)
        books.promises_are_kept(account, crowd.ledger)
        if robot.patient:
            books.the_router_went_on(account)
        logs = [one.desk.client.log_of(conv) for one in crowd.agents]
        await books.settle(crowd.shop, conv, robot.guest.client.log, logs)
        await _messages_are_there(crowd, conv)


async def _everybody_has_seen_all(crowd: Crowd, conv: UUID) -> None:
    """The bot may speak until it is silent: what is compared has come to rest."""
    await crowd.shop.bot.until_idle()
    count = len(await rows_of(crowd.shop.on, conv))
    own = next(one.hand.client for one in crowd.guests if one.guest.conversation_id == conv)
    for client in (own, *(one.desk.client for one in crowd.agents)):
        await client.wait(partial(_shows, client, conv, count), timeout_s=AGAIN_S)


def _shows(client: ChatClient, conv: UUID, count: int) -> bool:
    return len(client.log_of(conv)) >= count


async def _messages_are_there(crowd: Crowd, conv: UUID) -> None:
    stored = {row.id: row.seq for row in await rows_of(crowd.shop.on, conv)}
    said = [one for one in crowd.ledger if one.event == "message" and one.about == str(conv)]
    for deed in said:
        told = deed.handle.settled.result()
        assert stored.get(told.id) == (told.seq if told.code is None else None), "a broken promise"
    for seq_of_bot in [one for one in crowd.shop.bot.said if one.conversation_id == conv]:
        assert seq_of_bot.code is not None or stored[str(seq_of_bot.id)] == seq_of_bot.seq
