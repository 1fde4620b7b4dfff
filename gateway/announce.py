"""Tells presence who is here, and shows sockets who else is: merged for 50 ms, one round trip each.

Everybody is announced again once a period, a slice at a time, so that ten thousand people never
hold the event loop up at once.
"""

import asyncio
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from math import ceil
from time import monotonic, time
from uuid import UUID

from chorus import bus, presence, topics
from chorus.clock import rfc3339_ms
from chorus.errors import Unavailable
from chorus.log import get_logger
from chorus.presence import Beat, Seen
from chorus.wire.common import PresenceStatus
from chorus.wire.envelope import encode_raw
from gateway.choices import Choices
from gateway.hub import Connection, Hub
from gateway.idle_agents import IdleAgents
from gateway.phase import Phase
from gateway.room import Packet

log = get_logger(__name__)
MERGE_S = 0.05
BEATS_KEPT = 3
"""After so many beats that did not come, what they said is not believed any more."""
Asked = tuple[Connection, UUID, list[UUID]]


class Announcer:
    """The people on local sockets, as beats. `run` is its one task."""

    def __init__(
        self,
        hub: Hub,
        client: bus.Client,
        node: str,
        choices: Choices,
        *,
        agent_away_s: float,
    ) -> None:
        self._hub = hub
        self._agent_away_s = agent_away_s
        self._client = client
        self._node = node
        self._choices = choices
        self._came: set[UUID] = set()
        self._left: dict[UUID, Beat] = {}
        self._asked: list[Asked] = []
        self._due: list[UUID] = []
        self._idle: set[UUID] = set()
        """Agents whose last beat said `away` because they did nothing."""
        self._idle_agents = IdleAgents(hub, client)
        self._typed: set[UUID] = set()
        self._kept_ms = 15_000

    def came(self, connection: Connection) -> None:
        """Announce a newly ready socket soon."""
        principal = connection.peer.principal
        if principal is not None:
            self._came.add(principal.user_id)
            self._idle_agents.forget(principal.user_id)
            self._left.pop(principal.user_id, None)

    def show(self, connection: Connection, conversation_id: UUID, user_ids: list[UUID]) -> None:
        """Write the presence of the other participants to one socket soon."""
        principal = connection.peer.principal
        assert principal is not None
        others = [user for user in user_ids if user != principal.user_id]
        if others:
            self._asked.append((connection, conversation_id, others))

    def typed(self, conversation_id: UUID) -> None:
        """A customer begins to type: a sign that the conductor asks for before it calls them idle."""
        self._typed.add(conversation_id)

    def left(self, connection: Connection, conversations: frozenset[UUID]) -> None:
        """The connection is gone; say so soon unless another one of the same person stays."""
        principal = connection.peer.principal
        if principal is None:
            return
        if principal.user_id in self._hub.users:
            return
        user = principal.user_id
        self._came.discard(user)
        self._idle.discard(user)
        self._idle_agents.forget(user)
        self._choices.forget(user)
        self._left[user] = Beat(
            principal.tenant_id, user, principal.speaks_as, self._node, conversations
        )

    async def run(self, every_s: float) -> None:
        """Refresh everybody once in `every_s`, and the new ones at once, for ever."""
        rounds = max(1, ceil(every_s / MERGE_S))
        self._kept_ms = int(BEATS_KEPT * every_s * 1000)
        while True:
            for turn in range(rounds):
                await asyncio.sleep(MERGE_S)
                if turn == 0:
                    self._due = list(self._hub.users)
                share = ceil(len(self._due) / (rounds - turn))
                slice_, self._due = self._due[:share], self._due[share:]
                await self._flush(slice_)

    async def _flush(self, refreshed: Sequence[UUID]) -> None:
        back = {one for one in self._idle if not self._is_idle(self._here(one))}
        chosen = self._choices.take_changed()
        for user in chosen:
            self._idle_agents.forget(user)
        came, self._came = self._came | chosen | back, set()
        left, self._left = self._left, {}
        asked, self._asked = self._asked, []
        here = [user for user in (*came, *refreshed) if self._here(user)]
        try:
            if here:
                await self._note_inboxes(here)
                # Who left meanwhile is told with the next round, as one who did.
                still = [user for user in here if self._here(user)]
                if still:
                    await presence.beat(self._client, [self._beat(user) for user in still])
            if left:
                await presence.leave(self._client, list(left.values()))
            await self._note_typing()
        except Unavailable:
            log.info("presence_unavailable", people=len(here) + len(left))
            self._came |= came
            self._left = {
                user: beat for user, beat in left.items() if not self._here(user)
            } | self._left
        await self._answer(asked)
        self._idle_agents.back(back)
        await self._idle_agents.look(self._left_alone(refreshed))

    def _left_alone(self, users: Iterable[UUID]) -> dict[UUID, list[UUID]]:
        """Those who would be online here, if they did anything; by tenant."""
        found = defaultdict(list)
        for user in self._idle.intersection(users):
            if self._choices.shown(user) is PresenceStatus.ONLINE and (here := self._here(user)):
                principal = here[0].peer.principal
                assert principal is not None
                found[principal.tenant_id].append(user)
        return found

    async def _note_inboxes(self, users: Sequence[UUID]) -> None:
        """Say who has an inbox open: others can be reached, but are offered nothing (DESIGN §6)."""
        await self._keep(
            {
                topics.at_inbox(user): 1
                for user in users
                if any(one.peer.kind == "inbox" for one in self._here(user))
            },
            self._kept_ms,
        )

    async def _note_typing(self) -> None:
        typed, self._typed, now_ms = self._typed, set(), int(time() * 1000)
        await self._keep({topics.typed(one): now_ms for one in typed}, topics.TYPED_KEPT_MS)

    async def _keep(self, values: Mapping[str, int], for_ms: int) -> None:
        """Set names in Redis, each for a while. Raises Unavailable."""
        if not values:
            return
        pipe = self._client.pipeline(transaction=False)
        for name, value in values.items():
            pipe.set(name, value, px=for_ms)
        try:
            await pipe.execute()
        except bus.RedisFailure as error:
            raise Unavailable from error

    async def _answer(self, asked: Sequence[Asked]) -> None:
        by_tenant: dict[UUID, list[Asked]] = defaultdict(list)
        for one in asked:
            principal = one[0].peer.principal
            if principal is not None:
                by_tenant[principal.tenant_id].append(one)
        for tenant_id, questions in by_tenant.items():
            users = list({user for _, _, others in questions for user in others})
            seen = await presence.read(self._client, tenant_id, users)
            for connection, conversation_id, others in questions:
                _show(connection, conversation_id, {user: seen[user] for user in others})

    def _beat(self, user_id: UUID) -> Beat:
        here = self._here(user_id)
        conversations: set[UUID] = set()
        for connection in here:
            conversations.update(connection.members)
        principal = here[0].peer.principal
        assert principal is not None
        return Beat(
            principal.tenant_id,
            user_id,
            principal.speaks_as,
            self._node,
            frozenset(conversations),
            self.status_of(user_id) if principal.is_agent else PresenceStatus.ONLINE,
        )

    def _here(self, user_id: UUID) -> list[Connection]:
        """Their sockets that are ready: one on its way in says nothing yet."""
        numbers = self._hub.users.get(user_id, ())
        found = (self._hub.connections[number] for number in numbers)
        return [one for one in found if one.peer.phase is Phase.LIVE]

    def status_of(self, user_id: UUID) -> PresenceStatus:
        """What the devices here say of an agent: their choice, or away while nobody touches them."""
        shown, idle = self._choices.shown(user_id), self._is_idle(self._here(user_id))
        (self._idle.add if idle else self._idle.discard)(user_id)
        return PresenceStatus.AWAY if idle and shown is PresenceStatus.ONLINE else shown

    def _is_idle(self, here: Iterable[Connection]) -> bool:
        acted_s = max((one.peer.acted_s for one in here), default=0.0)
        return monotonic() - acted_s >= self._agent_away_s


def _show(connection: Connection, conversation_id: UUID, seen: dict[UUID, Seen]) -> None:
    conv = conversation_id if connection.names_conversation else None
    for user, (status, since_ms) in seen.items():
        data = {"userId": user, "status": status, "since": rfc3339_ms(since_ms)}
        connection.whisper(Packet(encode_raw("presence", data, conv=conv)), "presence")
