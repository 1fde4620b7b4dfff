"""People who talk to each other over real sockets, and the view of the database beside theirs."""

from collections.abc import AsyncIterator, Callable, Iterable, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from functools import partial
from typing import Any
from uuid import UUID

import asyncpg

from launch.client_core import Entry
from launch.client_socket import Frame
from launch.rest_client import Agent, RestClient, Visitor, open_rest
from launch.ws_client import ChatClient, ClientOptions
from load.stage import Stage

SETTLE_S = 20.0


@dataclass(frozen=True, slots=True)
class Row:
    """A row of `messages`, as far as a reader could know it."""

    seq: int
    id: str
    content: str
    visibility: str
    kind: str


@dataclass(slots=True)
class Meeting:
    """One conversation and the clients in it."""

    on: Stage
    rest: RestClient
    visitor: Visitor
    agent: Agent
    supervisor: Agent
    customer: ChatClient
    ada: ChatClient
    bea: ChatClient

    @property
    def conversation_id(self) -> UUID:
        return self.visitor.conversation_id

    async def rows(self) -> list[Row]:
        return await rows_of(self.on, self.conversation_id)

    async def settled(self, clients: Iterable[ChatClient]) -> list[Row]:
        """Wait until every client has all there is, then compare each with the database."""
        chosen = list(clients)
        for client in chosen:
            await client.wait(partial(has_settled, client), timeout_s=SETTLE_S)
        rows = await self.rows()
        for client in chosen:
            await client.wait(partial(has_seen, client, len(rows)), timeout_s=SETTLE_S)
        for client in chosen:
            agrees(client.log, rows, is_agent=_is_agent(client))
        return rows

    @asynccontextmanager
    async def other_tab(self, **options: Any) -> AsyncIterator[ChatClient]:
        """Open the conversation once more for the same customer."""
        async with ChatClient(
            self.on.base,
            token=self.visitor.token,
            conversation_id=self.conversation_id,
            options=ClientOptions(**options),
        ) as tab:
            await tab.wait_ready()
            yield tab


def _is_agent(client: ChatClient) -> bool:
    assert client.ready is not None
    return bool(client.ready["user"]["role"] != "visitor")


def has_settled(client: ChatClient) -> bool:
    return client.unsettled == 0


def has_seen(client: ChatClient, events: int) -> bool:
    return len(client.log) >= events


async def rows_of(on: Stage, conversation_id: UUID) -> list[Row]:
    """What PostgreSQL holds of a conversation, in its order."""
    connection = await asyncpg.connect(on.database_url)
    try:
        found = await connection.fetch(
            "SELECT seq, id, content, visibility, message_type FROM messages"
            " WHERE conversation_id = $1 ORDER BY seq",
            conversation_id,
        )
    finally:
        await connection.close()
    return [
        Row(row["seq"], str(row["id"]), row["content"], row["visibility"], row["message_type"])
        for row in found
    ]


def agrees(log: Sequence[Entry], rows: Sequence[Row], *, is_agent: bool) -> None:
    """The client's log equals the database: gapless, nothing twice, nothing out of order."""
    assert [row.seq for row in rows] == list(range(1, len(rows) + 1)), "the database has a hole"
    assert [entry.seq for entry in log] == [row.seq for row in rows]
    for entry, row in zip(log, rows, strict=True):
        if row.visibility == "agents" and not is_agent:
            assert entry.event == "void", (entry, row)
        elif row.kind == "event":
            assert entry.event not in ("message", "void"), (entry, row)
        else:
            assert (entry.id, entry.content) == (row.id, row.content), (entry, row)


Overhearing = Callable[[], Callable[[Frame], None] | None]
"""Makes, for each client, what is called with every raw frame that comes to it."""


def nobody() -> None:
    """Nobody overhears what comes."""


@asynccontextmanager
async def open_meeting(
    on: Stage, *, jitter: Any = lambda: 0.0, overhearing: Overhearing = nobody
) -> AsyncIterator[Meeting]:
    """Bring a customer and two agents together in a fresh conversation, in this order."""
    async with AsyncExitStack() as stack:
        rest = await stack.enter_async_context(open_rest(on.base))
        visitor = await rest.visitor(on.run["load_inbox_key"], name="Vera")
        agent, supervisor = await sign_in(on, rest, "agent"), await sign_in(on, rest, "supervisor")
        clients = [
            await stack.enter_async_context(
                ChatClient(
                    on.base,
                    token=token,
                    conversation_id=visitor.conversation_id,
                    options=ClientOptions(jitter=jitter, on_frame=overhearing()),
                )
            )
            for token in (visitor.token, agent.token, supervisor.token)
        ]
        for client in clients:
            await client.wait_ready()
        yield Meeting(on, rest, visitor, agent, supervisor, *clients)


async def sign_in(on: Stage, rest: RestClient, role: str) -> Agent:
    person = next(one for one in on.run["agents"] if one["role"] == role)
    return await rest.login(person["email"], person["password"])
