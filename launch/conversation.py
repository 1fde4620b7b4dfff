"""`chorus chat` and `chorus tail`: a conversation in the terminal, over the real socket."""

import asyncio
import json
import sys
import threading
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any
from uuid import UUID

import typer

from launch import files
from launch.client_core import Entry
from launch.client_options import ClientOptions
from launch.client_socket import Frame
from launch.faults import LaunchError
from launch.rest_client import Agent, RestClient, open_rest
from launch.ws_client import ChatClient

READY_TIMEOUT_S = 15
ANSWER_TIMEOUT_S = 15
UNSHOWN = frozenset({"hello", "ready", "synced", "ping", "pong", "auth.expiring", "auth.ok"})

Facts = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Speaker:
    """Whose eyes the terminal has: a token that renews itself, and a place."""

    token: str
    user_id: UUID
    conversation_id: UUID
    refresh: Callable[[], Awaitable[str]]


async def chat_as_customer(run: files.RunFile, *, name: str) -> None:
    """Be a new visitor: what is typed is said, what is said is shown."""
    async with open_rest(run.urls["base"]) as rest:
        visitor = await rest.visitor(run.inbox_key, name=name)
        renew = _renewal(rest, visitor.refresh_token)
        speaker = Speaker(visitor.token, visitor.contact_id, visitor.conversation_id, renew)
        await _talk(run, speaker)


async def chat_as_agent(run: files.RunFile, *, conversation: str | None, email: str | None) -> None:
    """Answer a conversation; without one, the newest that is open."""
    async with open_rest(run.urls["base"]) as rest:
        agent = await _sign_in(rest, run, email)
        chosen = _uuid(conversation) if conversation else await _newest(rest, agent)
        renew = _renewal(rest, agent.refresh_token)
        await _talk(run, Speaker(agent.token, agent.agent_id, chosen, renew))


async def tail(run: files.RunFile, *, conversation: str, as_json: bool) -> None:
    """Show a conversation from its beginning, and what comes, until interrupted."""
    async with open_rest(run.urls["base"]) as rest:
        agent = await _sign_in(rest, run, None)
        renew = _renewal(rest, agent.refresh_token)
        speaker = Speaker(agent.token, agent.agent_id, _uuid(conversation), renew)
        async with _listening(run, speaker, as_json=as_json) as client:
            await client.wait(lambda: client.stop_reason is not None, timeout_s=float("inf"))
            raise LaunchError(f"The server closed the conversation: {client.stop_reason}")


async def _talk(run: files.RunFile, speaker: Speaker) -> None:
    typer.echo(f"conversation {speaker.conversation_id}  (Ctrl-D ends)", err=True)
    async with _listening(run, speaker, as_json=False) as client:
        said = [client.send(line) async for line in _typed()]
        # Piped input ends at once; what was said is to be stored before we go.
        async with asyncio.timeout(ANSWER_TIMEOUT_S):
            for message in said:
                await message


@asynccontextmanager
async def _listening(
    run: files.RunFile, speaker: Speaker, *, as_json: bool
) -> AsyncIterator[ChatClient]:
    """Open the conversation and print what it brings."""
    show = _json_line if as_json else as_line
    mine = str(speaker.user_id)

    def on_event(_conversation: UUID | None, entry: Entry) -> None:
        _echo(show(entry.event, entry.data, entry.seq, mine))

    def on_frame(frame: Frame) -> None:
        if frame.get("seq") is None and frame["event"] not in UNSHOWN:
            _echo(show(frame["event"], frame["data"], None, mine))

    options = ClientOptions(refresh=speaker.refresh, on_event=on_event, on_frame=on_frame)
    opening = ChatClient(
        run.urls["base"],
        token=speaker.token,
        conversation_id=speaker.conversation_id,
        options=options,
    )
    async with opening as client:
        await client.wait_ready(timeout_s=READY_TIMEOUT_S)
        if client.stop_reason is not None:
            raise LaunchError(f"The server refuses the conversation: {client.stop_reason}")
        yield client


async def _sign_in(rest: RestClient, run: files.RunFile, email: str | None) -> Agent:
    people = {agent.email: agent for agent in run.agents}
    if not people:
        raise LaunchError("There is no seeded agent here; agents sign in in the console")
    if email is not None and email not in people:
        raise LaunchError(f"No such agent; there are {', '.join(people)}")
    chosen = people[email] if email else run.agents[0]
    return await rest.login(chosen.email, chosen.password)


async def _newest(rest: RestClient, agent: Agent) -> UUID:
    query = {"status": "open", "limit": 1}
    found = await rest.call("GET", "/livechat/conversations", token=agent.token, query=query)
    if not found["items"]:
        raise LaunchError("No conversation is open; be a customer first: chorus chat")
    newest = found["items"][0]
    return UUID(newest.get("id") or newest["conv"])


def _renewal(rest: RestClient, refresh_token: str) -> Callable[[], Awaitable[str]]:
    """Keep a refresh token, which changes with every use."""
    current = refresh_token

    async def renew() -> str:
        nonlocal current
        token, current = await rest.refresh(current)
        return token

    return renew


def _uuid(text: str) -> UUID:
    try:
        return UUID(text)
    except ValueError as error:
        raise LaunchError(f"{text!r} is not the id of a conversation") from error


async def _typed() -> AsyncIterator[str]:
    """Yield lines as they are typed; a thread waits for them, so that frames come meanwhile."""
    loop, lines = asyncio.get_running_loop(), asyncio.Queue[str | None]()

    def read() -> None:
        for line in sys.stdin:
            loop.call_soon_threadsafe(lines.put_nowait, line.strip())
        loop.call_soon_threadsafe(lines.put_nowait, None)

    threading.Thread(target=read, name="keyboard", daemon=True).start()
    while (line := await lines.get()) is not None:
        if line:
            yield line


def _echo(line: str | None) -> None:
    if line is not None:
        typer.echo(line)


def _json_line(event: str, data: Facts, seq: int | None, _mine: str) -> str:
    place = {} if seq is None else {"seq": seq}
    return json.dumps({"event": event, **place, "data": dict(data)}, ensure_ascii=False)


def as_line(event: str, data: Facts, seq: int | None, mine: str) -> str | None:
    """Put a frame as a line a person can read; None for what only programs need."""
    place = f"{'' if seq is None else seq!s:>5}  "
    if event == "message":
        who = "you" if data.get("userId") == mine else data["role"]
        note = " (note)" if data.get("visibility") == "agents" else ""
        return f"{place}{who}{note}: {data['content']}"
    if event == "nack":
        return f"{place}✗ {data['code']} {data.get('reason', '')}".rstrip()
    if event == "typing":
        return f"{place}{data['role']} is typing…" if data["state"] == "start" else None
    if event in ("void", "receipt", "presence", "viewing", "delivered"):
        return None
    simple = {key: value for key, value in data.items() if isinstance(value, str | int | float)}
    facts = " ".join(f"{key}={value}" for key, value in simple.items())
    return f"{place}· {event} {facts}".rstrip()
