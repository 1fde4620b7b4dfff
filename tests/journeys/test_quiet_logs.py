"""At the most talkative level no log of any process holds what only two people should know."""

import asyncio
from collections.abc import Iterator
from uuid import uuid4

import httpx
import psutil
import pytest

from launch.rest_client import Visitor
from load.stage import Stage, stage
from tests.journeys.people import open_meeting
from tests.journeys.rude import Rude, closed, heard, say

pytestmark = [pytest.mark.anyio, pytest.mark.slow]
LEAVE_S = 60.0


@pytest.fixture(scope="module")
def talkative() -> Iterator[Stage]:
    with stage(environment={"CHORUS_LOG_LEVEL": "DEBUG"}) as on:
        yield on


async def test_no_log_holds_a_token_a_nonce_or_a_message(talkative: Stage) -> None:
    canary, wrong = f"canary {uuid4().hex}", f"wrong {uuid4().hex}"
    secrets = {canary, wrong}
    async with open_meeting(talkative) as meeting:
        await meeting.customer.send(canary)
        await meeting.ada.send(canary, visibility="agents")
        secrets |= {
            token
            for who in (meeting.visitor, meeting.agent, meeting.supervisor)
            for token in (who.token, who.refresh_token)
        }
        secrets.add(await misbehave(talkative, meeting.visitor, wrong))
    await asyncio.to_thread(_everybody_leaves, talkative)
    logs = {path.name: path.read_text() for path in (talkative.data / "logs").glob("*.log")}
    logs["up.log"] = (talkative.data.parent / "up.log").read_text()
    assert {"edge.log", "writer.log", "conductor.log", "presence.log"} <= set(logs)
    assert "debug" in logs["edge.log"].lower(), "this run proves nothing at a lower level"
    leaks = [(name, one[:12]) for name, text in logs.items() for one in secrets if one in text]
    assert leaks == []


def _everybody_leaves(on: Stage) -> None:
    """Who has ended has nothing more to say; the next ones begin beside."""
    of_ours = ("edge", "writer", "conductor", "presence", "indexer", "bot")
    leaving = [psutil.Process(pid) for name in of_ours for pid in on.processes()[name]]
    for one in leaving:
        one.terminate()
    for one in leaving:
        one.wait(LEAVE_S)


async def misbehave(on: Stage, visitor: Visitor, wrong: str) -> str:
    """Do what is refused, over a socket and over REST; answer the nonce that was used."""
    async with Rude(on, visitor).socket() as ws:
        nonce = str((await heard(ws, "hello"))["data"]["nonce"])
        client = {"name": wrong}
        await say(ws, "auth", {"nonce": nonce, "session": str(uuid4()), "client": client})
        await heard(ws, "synced")
        await say(ws, "message", {"id": "none", "content": wrong})
        await heard(ws, "nack")
        await ws.send(b"\x00" + wrong.encode())
        assert await closed(ws) == 1003
    async with httpx.AsyncClient(base_url=on.base, trust_env=False) as http:
        path = f"/livechat/conversations/{visitor.conversation_id}/messages"
        bearer = {"Authorization": f"Bearer {visitor.token}"}
        for body in ({"content": wrong}, {"id": 7, "content": [wrong]}):
            assert (await http.post(path, json=body, headers=bearer)).status_code == 422
    return nonce
