"""Customers and agents who act by themselves, by a dice of their own, and keep a ledger."""

import asyncio
import random
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

from launch.client_core import Entry
from launch.ws_client import ChatClient, ClientOptions, MessageHandle, NotDelivered
from tests.chat_service.api_world import ORIGIN, PASSWORD
from tests.journeys.shop import SEEN_S, Desk, Guest, Shop

FINAL = frozenset({"ended", "cancelled", "failed"})
WISHES = 2
PASSES = 2
"""How often one agent hands the same conversation on."""
TALK_S = 0.15
LOOK_S = 0.3
PATIENCE_S = 90.0

_REFUSED = """
SELECT s.conversation_id FROM live_chat_sessions s
WHERE s.conversation_id = ANY ($1::uuid[]) AND s.status = 'queued' AND NOT EXISTS (
    SELECT 1 FROM queue_members m WHERE m.queue_id = $2
        AND m.agent_id <> ALL (s.excluded_agent_ids)
        AND m.agent_id IS DISTINCT FROM s.leaving_agent_id
)
"""


@dataclass(frozen=True, slots=True)
class Deed:
    """Something that was sent: `about` is a session for offers, else a conversation."""

    who: str
    event: str
    about: str
    handle: MessageHandle

    @property
    def taken(self) -> bool:
        """Whether the server said that it is done."""
        return self.handle.settled.done() and self.handle.settled.result().code is None


@dataclass(slots=True)
class Hand:
    """A client whose every command is written down."""

    who: str
    client: ChatClient
    ledger: list[Deed] = field(default_factory=list)

    async def do(
        self, event: str, about: str, conv: UUID | None = None, **fields: Any
    ) -> str | None:
        """Send something and wait however long it takes; answers the code of a refusal."""
        handle = self.client.command(event, conv=conv, **fields)
        self.ledger.append(Deed(self.who, event, about, handle))
        try:
            await handle
        except NotDelivered as error:
            return error.code
        return None

    async def say(self, content: str, conv: UUID | None = None) -> str | None:
        about = str(conv or self.client.conversation_id)
        return await self.do("message", about, conv, content=content)


class AgentRobot:
    """Answers offers one way or another, and works on whatever it has."""

    def __init__(self, dice: random.Random) -> None:
        self._dice = dice
        self._offers: asyncio.Queue[tuple[str, UUID]] = asyncio.Queue()
        self._turns: asyncio.Queue[UUID] = asyncio.Queue()
        self._busy: set[UUID] = set()
        self._again: set[UUID] = set()
        self._passed: dict[UUID, int] = {}
        self.colleagues: list[str] = []
        """Whom it may hand a conversation to, by id."""
        self.desk: Desk
        self.hand: Hand

    async def open(self, shop: Shop, name: str) -> None:
        """Sign in and open the inbox."""
        agent = await shop.rest.login(shop.tenant.email(name), PASSWORD)
        heard = ClientOptions(
            on_frame=self._hear, on_event=self._see, jitter=self._dice.random, name="robot"
        )
        client = ChatClient(shop.on.base, token=agent.token, options=heard)
        self.desk = Desk(agent, client)
        self.hand = Hand(self.desk.id, client)
        await shop.stack.enter_async_context(client)
        await client.wait_ready(timeout_s=SEEN_S)

    def handoff_of(self, conv: UUID) -> dict[str, Any]:
        """What was last told of the session of a conversation."""
        log = self.desk.client.log_of(conv)
        return next((dict(one.data) for one in reversed(log) if one.event == "handoff"), {})

    async def run(self) -> None:
        async with asyncio.TaskGroup() as hands:
            hands.create_task(self._answer_offers(hands))
            while True:
                conv = await self._turns.get()
                if conv in self._busy:
                    self._again.add(conv)
                    continue
                self._busy.add(conv)
                hands.create_task(self._work(conv))

    def _hear(self, frame: dict[str, Any]) -> None:
        if frame["event"] == "offer":
            self._offers.put_nowait((frame["data"]["session"], UUID(frame["conv"])))

    def _see(self, conv: UUID | None, entry: Entry) -> None:
        if conv is not None and entry.event == "handoff" and self._is_mine(dict(entry.data)):
            self._turns.put_nowait(conv)

    def _is_mine(self, told: dict[str, Any]) -> bool:
        return told.get("state") == "active" and told["agent"]["userId"] == self.desk.id

    async def _answer_offers(self, hands: asyncio.TaskGroup) -> None:
        while True:
            hands.create_task(self._answer(*await self._offers.get()))

    async def _answer(self, session: str, conv: UUID) -> None:
        lot = self._dice.random()
        if lot < 0.6:
            await self.hand.do("offer.accept", session, session=session)
        elif lot < 0.75:
            await self.hand.do("offer.decline", session, session=session)
        elif lot < 0.9:
            await self.hand.say("Hello, I answer at once", conv)
        # Else nobody answers, until the offer runs out.

    async def _work(self, conv: UUID) -> None:
        while self._is_mine(self.handoff_of(conv)):
            self._again.discard(conv)
            await self._turn(conv)
            if conv not in self._again:
                break
        self._busy.discard(conv)

    async def _turn(self, conv: UUID) -> None:
        for number in range(self._dice.randint(1, 3)):
            if await self.hand.say(f"answer {number}", conv) is not None:
                return
        lot, about = self._dice.random(), str(conv)
        if lot < 0.4 and self._passed.get(conv, 0) < PASSES:
            self._passed[conv] = self._passed.get(conv, 0) + 1
            mode = self._dice.choice(("warm", "blind"))
            if await self.hand.do("transfer", about, conv, to=self._whom(), mode=mode) is None:
                return
        if lot > 0.9 and await self.hand.do("return_to_bot", about, conv) is None:
            return
        await self.hand.do("resolve", about, conv)

    def _whom(self) -> dict[str, str]:
        if self.colleagues and self._dice.random() < 0.6:
            return {"agent": self._dice.choice(self.colleagues)}
        return {"queue": "support"}


class SupervisorRobot(AgentRobot):
    """Takes those whom everybody has refused, and nobody else: the others are the router's."""

    def __init__(self, dice: random.Random, shop: Shop, conversations: list[UUID]) -> None:
        super().__init__(dice)
        self._shop = shop
        self._conversations = conversations

    async def watch(self) -> None:
        """Look after everybody who waits, for ever."""
        while True:
            await asyncio.sleep(LOOK_S)
            for row in await self._shop.rows(_REFUSED, self._conversations, self._shop.queue_id):
                conv = UUID(int=row["conversation_id"].int)
                await self.hand.do("claim", str(conv), conv)


class GuestRobot:
    """Talks, asks for a person, perhaps thinks again, and rates in the end.

    One who is `patient` comes when called, and waits for whoever the router finds.
    """

    def __init__(self, guest: Guest, dice: random.Random, *, patient: bool = False) -> None:
        self.guest = guest
        self.patient = patient
        self.called = asyncio.Event()
        self.hand = Hand(str(guest.visitor.contact_id), guest.client)
        self._known = 0
        self._dice = dice

    @property
    def state(self) -> str:
        told = self.guest.handoffs()
        return str(told[-1]["state"]) if told else ""

    async def run(self) -> None:
        """Come to an end, whatever that is."""
        about = str(self.guest.conversation_id)
        if self.patient:
            await self.called.wait()
        await self.hand.say("Hello?")
        for _ in range(WISHES):
            self._known = len(self.guest.handoffs())
            await self.hand.do("escalate", about, reason="a person, please")
            await self.guest.client.wait(self._is_told_more, timeout_s=PATIENCE_S)
            if not self.patient and self._dice.random() < 0.2:
                await asyncio.sleep(self._dice.uniform(0.0, 1.0))
                await self.hand.do("cancel", about)
            await self._talk_until_it_is_over()
            if self._is_closed():
                await self.hand.do("rate", about, score=self._dice.randint(1, 5))
                return

    async def _talk_until_it_is_over(self) -> None:
        number = 0
        while self.state not in FINAL:
            await asyncio.sleep(self._dice.uniform(0.5, 1.5) * TALK_S)
            if not self._is_closed():
                number += 1
                await self.hand.say(f"line {number}")

    def _is_told_more(self) -> bool:
        return len(self.guest.handoffs()) > self._known

    def _is_closed(self) -> bool:
        words = ("conversation.closed", "conversation.updated")
        told = [one for one in self.guest.client.log if one.event in words]
        return bool(told) and told[-1].event == "conversation.closed"


async def open_guest(
    shop: Shop, dice: random.Random, number: int, *, patient: bool = False
) -> GuestRobot:
    guest = await shop.guest(f"Guest {number}", jitter=dice.random)
    assert guest.client._options.origin == ORIGIN
    return GuestRobot(guest, dice, patient=patient)
