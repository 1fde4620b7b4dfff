"""Of the sockets with one principal, session and path only the newest stays (PROTOCOL §3, `auth`).

On this gateway the hub sees to it. The others learn of a socket that got ready by a word on
`control`: a hint, so a socket that nobody closes that way lives until it falls silent. What is
compared is when the sockets were opened, and a word is never answered: one that comes late closes
nothing newer, and two sockets never close each other in turn.
"""

import asyncio
from typing import Any
from uuid import UUID

import orjson

from chorus import bus, topics
from chorus.codes import CloseCode
from gateway.hub import Connection, Hub, Seat
from gateway.tasks import Tasks

MERGE_S = 0.02
Told = tuple[str, str, str | None, int, int]
"""User, session and conversation (None: the inbox), when it was opened in Unix ms, its number."""


class Succession:
    """Tells other gateways of sockets that got ready here, and closes here what they superseded."""

    def __init__(self, hub: Hub, client: bus.Client, tasks: Tasks, *, node: int) -> None:
        self._hub = hub
        self._client = client
        self._tasks = tasks
        self._node = node
        self._waiting: list[Told] = []

    def ready(self, connection: Connection) -> bool:
        """A socket is ready: close the older one. False: the older one is this, and is closed."""
        self._hub.supersede(connection)
        if connection.seat is not None and not connection.closed:
            self._waiting.append(_told(connection, connection.seat))
            if len(self._waiting) == 1:
                self._tasks.spawn(self._tell(), "tell_newest")
        return not connection.closed

    def heard(self, word: dict[str, Any]) -> None:
        """Sockets got ready on another gateway."""
        if word["node"] == self._node:
            return
        for user, session, conversation, opened_ms, number in word["sockets"]:
            seat = UUID(user), UUID(session), UUID(conversation) if conversation else None
            mine = self._hub.seated(seat)
            theirs = (opened_ms, word["node"], number)
            if mine is None or mine.peer.drained:
                continue
            if (mine.opened_ms, self._node, mine.id) < theirs:
                mine.close(CloseCode.SUPERSEDED)

    async def _tell(self) -> None:
        await asyncio.sleep(MERGE_S)
        waiting, self._waiting = self._waiting, []
        word = {"newest": {"node": self._node, "sockets": waiting}}
        await bus.publish_all(self._client, [(topics.CONTROL, orjson.dumps(word))])


def _told(connection: Connection, seat: Seat) -> Told:
    user, session, conversation = seat
    named = str(conversation) if conversation else None
    return str(user), str(session), named, connection.opened_ms, connection.id
