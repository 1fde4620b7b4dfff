"""The event stream of PROTOCOL §1 from a whole installation: for clients whose proxy blocks upgrades."""

import asyncio
import os
import signal
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any
from uuid import UUID

import httpx
import orjson
import pytest

from chorus.ids import uuid7
from launch.rest_client import Visitor, open_rest
from load.stage import Stage
from tests.journeys.people import sign_in
from tests.journeys.rude import ANSWER_S, Rude, becomes
from tests.journeys.test_slow_readers import pour

pytestmark = [pytest.mark.anyio, pytest.mark.slow]
FAT_LINES = 120
COMMENT_PATIENCE_S = 30.0
"""Twice the 15 s of the protocol."""


@dataclass(slots=True)
class Block:
    """What stands between two empty lines of a stream."""

    id: int | None = None
    kind: str = "message"
    data: Any = None
    comment: bool = False

    @property
    def event(self) -> str:
        return str(self.data["event"])


@dataclass(slots=True)
class Listener:
    lines: AsyncIterator[str]

    async def block(self, *, within_s: float = ANSWER_S) -> Block:
        found = Block()
        async with asyncio.timeout(within_s):
            async for line in self.lines:
                name, _, value = line.partition(": ")
                if name == "id":
                    found.id = int(value)
                elif name == "event":
                    found.kind = value
                elif name == "data":
                    found.data = orjson.loads(value)
                elif line.startswith(":"):
                    found.comment = True
                elif not line:
                    return found
        raise AssertionError("the stream ended")

    async def until(self, event: str) -> list[Block]:
        """All frames up to the first of that name, that one included."""
        found: list[Block] = []
        while not found or found[-1].event != event:
            one = await self.block()
            if not one.comment:
                found.append(one)
        return found


@dataclass(frozen=True, slots=True)
class Quiet:
    """A visitor behind a proxy."""

    on: Stage
    visitor: Visitor

    async def say(self, content: str) -> int:
        path = f"/livechat/conversations/{self.visitor.conversation_id}/messages"
        async with open_rest(self.on.base) as rest:
            body = {"id": str(uuid7()), "content": content}
            said = await rest.call("POST", path, token=self.visitor.token, body=body)
        return int(said["seq"])

    @asynccontextmanager
    async def asking(
        self, *, token: str | None = None, conversation: UUID | str | None = None, **more: Any
    ) -> AsyncIterator[httpx.Response]:
        named = {
            "Authorization": f"Bearer {token or self.visitor.token}",
            **more.pop("headers", {}),
        }
        path = f"/livechat/conversations/{conversation or self.visitor.conversation_id}/events"
        async with (
            httpx.AsyncClient(base_url=self.on.base, trust_env=False, timeout=None) as http,
            http.stream(more.pop("method", "GET"), path, headers=named, **more) as response,
        ):
            yield response

    @asynccontextmanager
    async def listening(self, **more: Any) -> AsyncIterator[Listener]:
        async with self.asking(**more) as response:
            assert response.status_code == 200
            assert response.headers["content-type"].startswith("text/event-stream")
            yield Listener(response.aiter_lines())


@pytest.fixture
async def quiet(rude: Rude) -> Quiet:
    async with open_rest(rude.on.base) as rest:
        return Quiet(rude.on, await rest.visitor(rude.on.run["load_inbox_key"], name="Proxied"))


async def epoch_of(quiet: Quiet) -> str:
    async with open_rest(quiet.on.base) as rest:
        found = await rest.history(quiet.visitor.token, quiet.visitor.conversation_id)
    return found.epoch


async def test_a_stream_is_ready_replays_says_synced_and_goes_on_live(quiet: Quiet) -> None:
    for number in (1, 2, 3):
        await quiet.say(f"line {number}")
    async with quiet.listening() as listener:
        ready, *replayed, synced = await listener.until("synced")
        assert (ready.event, ready.id) == ("ready", None)
        assert [(one.event, one.id, one.data["seq"]) for one in replayed] == [
            ("message", seq, seq) for seq in (1, 2, 3)
        ]
        assert [one.data["data"]["content"] for one in replayed] == ["line 1", "line 2", "line 3"]
        assert synced.data["data"]["seq"] == 3
        await quiet.say("line 4")
        live = (await listener.until("message"))[-1]
        assert (live.id, live.data["data"]["content"]) == (4, "line 4")


async def test_much_that_was_missed_comes_on_one_stream(quiet: Quiet, rude: Rude) -> None:
    async with open_rest(quiet.on.base) as rest:
        agent = await sign_in(quiet.on, rest, "agent")
    conversation = quiet.visitor.conversation_id
    async with rude.live(token=agent.token, conversation=conversation) as writer:
        await pour(writer, FAT_LINES)
    async with quiet.listening() as listener:
        ready, *replayed, synced = await listener.until("synced")
    head = ready.data["data"]["conversation"]["head_seq"]
    assert [one.id for one in replayed] == list(range(1, head + 1))
    assert synced.data["data"]["seq"] == head >= FAT_LINES


async def test_last_event_id_wins_over_after(quiet: Quiet) -> None:
    for number in (1, 2, 3):
        await quiet.say(f"line {number}")
    params = {"after": "0", "epoch": await epoch_of(quiet)}
    async with quiet.listening(params=params, headers={"Last-Event-ID": "2"}) as listener:
        _, *replayed, _ = await listener.until("synced")
        assert [one.id for one in replayed] == [3]
    async with quiet.listening(params={**params, "after": "1"}) as listener:
        _, *replayed, _ = await listener.until("synced")
        assert [one.id for one in replayed] == [2, 3]


async def test_silence_is_filled_with_comments(quiet: Quiet) -> None:
    async with quiet.listening() as listener:
        await listener.until("synced")
        while not (await listener.block(within_s=COMMENT_PATIENCE_S)).comment:
            """Presence of others may come in between."""
        seq = await quiet.say("after the silence")
        assert (await listener.until("message"))[-1].id == seq


@pytest.mark.parametrize(
    ("asked", "status", "code"),
    [
        ({"token": "garbage"}, 401, "UNAUTHENTICATED"),
        ({"headers": {"Authorization": "Basic eDp5"}}, 401, "UNAUTHENTICATED"),
        ({"headers": {"Origin": "https://evil.example"}}, 403, "FORBIDDEN"),
    ],
)
async def test_who_may_not_listen_gets_an_http_problem(
    quiet: Quiet, asked: dict[str, Any], status: int, code: str
) -> None:
    async with quiet.asking(**asked) as response:
        problem = orjson.loads(await response.aread())
    assert (response.status_code, problem["code"]) == (status, code)
    assert response.headers["content-type"] == "application/problem+json"


async def test_another_method_and_an_id_that_is_none_are_refused(quiet: Quiet) -> None:
    async with quiet.asking(method="POST") as response:
        assert response.status_code == 405
    async with quiet.asking(conversation="7") as response:
        assert response.status_code == 404


async def test_a_foreign_and_an_absent_conversation_look_alike(quiet: Quiet, rude: Rude) -> None:
    seen = []
    for conversation in (uuid7(), rude.visitor.conversation_id):
        async with quiet.listening(conversation=conversation) as listener:
            seen.append([await listener.block(), await listener.block()])
    assert seen[0] == seen[1]
    error, close = seen[0]
    assert (error.event, close.kind, close.data["code"]) == ("error", "close", 4004)


async def test_a_stream_is_told_of_the_end_and_resumes_without_a_hole(quiet: Quiet) -> None:
    await quiet.say("before")
    epoch = await epoch_of(quiet)
    async with quiet.listening() as listener:
        await listener.until("synced")
        old = quiet.on.processes()["edge"]
        os.kill(old[0], signal.SIGTERM)
        assert (await listener.until("drain"))[-1].data["data"]["deadline_ms"] > 0
        last = await listener.block()
        assert (last.kind, last.data["code"]) == ("close", 4200)
    await becomes(lambda: serves_again(quiet.on, old))
    seq = await quiet.say("after")
    headers = {"Last-Event-ID": "1"}
    async with quiet.listening(params={"epoch": epoch}, headers=headers) as listener:
        _, *replayed, _ = await listener.until("synced")
        assert [one.id for one in replayed] == [seq] == [2]


async def serves_again(on: Stage, old: list[int]) -> bool:
    async with httpx.AsyncClient(trust_env=False, timeout=ANSWER_S) as http:
        try:
            ready = (await http.get(f"{on.base}/readyz")).is_success
        except httpx.TransportError:
            return False
    return ready and on.processes()["edge"] != old
