"""`chorus chat` and `chorus tail`: a conversation in the terminal, over the real socket."""

import asyncio
import json
import sys
import threading
from collections.abc import AsyncIterator, Awaitable, Callable

import typer

from launch import files
from launch.client import ChatSocket, Frame, Visitor, new_visitor, open_api, open_socket, sign_in
from launch.faults import LaunchError

ANSWER_TIMEOUT_S = 15


async def chat_as_customer(run: files.RunFile, *, name: str) -> None:
    """Be a new visitor: what is typed is said, what is said is shown."""
    async with open_api(run.urls["base"]) as api:
        visitor = await new_visitor(api, run.inbox_key, name)
    typer.echo(f"conversation {visitor.conversation}  (Ctrl-D ends)", err=True)
    await _talk(run, visitor)


async def chat_as_agent(run: files.RunFile, *, conversation: str | None, email: str | None) -> None:
    """Answer a conversation; without one, the newest that a customer waits in."""
    token, chosen = await _sign_in_and_choose(run, conversation, email)
    typer.echo(f"conversation {chosen}  (Ctrl-D ends)", err=True)
    await _talk(run, Visitor(token, chosen))


async def tail(run: files.RunFile, *, conversation: str, as_json: bool) -> None:
    """Show a conversation from its beginning, and what comes, until interrupted."""
    token, _ = await _sign_in_and_choose(run, conversation, None)
    path = f"/ws/v1/conversations/{conversation}"
    async with open_socket(run.urls["ws"], path, token) as socket:
        await _show(socket, as_json=as_json)


async def _sign_in_and_choose(
    run: files.RunFile, conversation: str | None, email: str | None
) -> tuple[str, str]:
    people = {agent.email: agent for agent in run.agents}
    if not people:
        raise LaunchError("There is no seeded agent here; agents sign in in the console")
    if email is not None and email not in people:
        raise LaunchError(f"No such agent; there are {', '.join(people)}")
    agent = people[email] if email else run.agents[0]
    async with open_api(run.urls["base"]) as api:
        token = await sign_in(api, agent.email, agent.password)
        if conversation is not None:
            return token, conversation
        answer = await api.get(
            "/livechat/conversations",
            params={"status": "open", "limit": 1},
            headers={"Authorization": f"Bearer {token}"},
        )
        answer.raise_for_status()
        items = answer.json()["items"]
    if not items:
        raise LaunchError("No conversation is open; be a customer first: chorus chat")
    return token, str(items[0]["id"])


async def _talk(run: files.RunFile, who: Visitor) -> None:
    path = f"/ws/v1/conversations/{who.conversation}"
    unanswered: set[str] = set()
    settled = asyncio.Condition()

    async def note_answer(frame: Frame) -> None:
        if frame["event"] in ("delivered", "nack"):
            async with settled:
                unanswered.discard(frame["data"].get("id", ""))
                settled.notify_all()

    async with open_socket(run.urls["ws"], path, who.token) as socket:
        async with asyncio.TaskGroup() as group:
            shown = group.create_task(_show(socket, as_json=False, also=note_answer))
            async for line in _typed():
                unanswered.add(await socket.say(line))
            # Piped input ends at once; what was said is to be stored before we go.
            async with settled, asyncio.timeout(ANSWER_TIMEOUT_S):
                await settled.wait_for(lambda: not unanswered)
            shown.cancel()


async def _typed() -> AsyncIterator[str]:
    """Yield lines from the keyboard; a thread waits for them, so that frames are shown meanwhile."""
    loop, lines = asyncio.get_running_loop(), asyncio.Queue[str | None]()

    def read() -> None:
        for line in sys.stdin:
            loop.call_soon_threadsafe(lines.put_nowait, line.strip())
        loop.call_soon_threadsafe(lines.put_nowait, None)

    threading.Thread(target=read, name="keyboard", daemon=True).start()
    while (line := await lines.get()) is not None:
        if line:
            yield line


async def _show(
    socket: ChatSocket, *, as_json: bool, also: Callable[[Frame], Awaitable[None]] | None = None
) -> None:
    mine = socket.ready["data"]["user"]["userId"]
    async for frame in socket.frames():
        if also is not None:
            await also(frame)
        line = json.dumps(frame, ensure_ascii=False) if as_json else as_line(frame, mine)
        if line is not None:
            typer.echo(line)


def as_line(frame: Frame, mine: str) -> str | None:
    """Put a frame as a line a person can read; None for what only programs need."""
    event, data = frame["event"], frame["data"]
    if event == "message":
        who = "you" if data.get("userId") == mine else data["role"]
        note = " (note)" if data.get("visibility") == "agents" else ""
        return f"{frame.get('seq', '')!s:>5}  {who}{note}: {data['content']}"
    if event == "delivered":
        return f"{data.get('seq', '')!s:>5}  ✓"
    if event == "nack":
        return f"       ✗ {data['code']} {data.get('reason', '')}".rstrip()
    if event == "typing":
        return f"       {data['role']} is typing…" if data["state"] == "start" else None
    if event in ("handoff", "participant", "conversation.updated", "conversation.closed"):
        return f"{frame.get('seq', '')!s:>5}  · {event} {_facts(data)}"
    if event in ("degraded", "recovered", "drain", "queue"):
        return f"       · {event} {_facts(data)}"
    return None


def _facts(data: Frame) -> str:
    simple = {key: value for key, value in data.items() if isinstance(value, str | int | float)}
    return " ".join(f"{key}={value}" for key, value in simple.items())
