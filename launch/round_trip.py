"""A real message there and back, through every process: the only honest proof of readiness."""

import asyncio
import time

from chorus.ids import uuid7
from launch.client import ChatSocket, open_socket
from launch.faults import LaunchError
from launch.files import RunFile
from launch.rest_client import open_rest

TIMEOUT_S = 20
AGAIN_S = 0.5


class RoundTripFailed(LaunchError):
    """A message did not come back; the message says where it got stuck."""

    exit_code = 1


async def round_trip_ms(run: RunFile) -> float:
    """Let a visitor ask and an agent answer, over two sockets, and close the conversation.

    A process may die and come back meanwhile, so a refusal is not the last word before the time
    is up.

    Raises:
        RoundTripFailed: no answer in time; says the last refusal.
    """
    last = "no answer"
    try:
        async with asyncio.timeout(TIMEOUT_S):
            while True:
                try:
                    return await _talk(run)
                except LaunchError as error:
                    last = str(error)
                await asyncio.sleep(AGAIN_S)
    except TimeoutError as error:
        raise RoundTripFailed(
            f"A message did not come back within {TIMEOUT_S} s ({last}); look at `chorus doctor`"
        ) from error


async def _talk(run: RunFile) -> float:
    base, ws = run.urls["base"], run.urls["ws"]
    admin = run.agents[0]
    async with open_rest(base) as rest:
        visitor = await rest.visitor(run.load_inbox_key or run.inbox_key, name="Start-up check")
        answering = await rest.login(admin.email, admin.password)
    path = f"/ws/v1/conversations/{visitor.conversation_id}"
    async with (
        open_socket(ws, path, visitor.token) as customer,
        open_socket(ws, path, answering.token) as agent,
    ):
        took_ms = await _ask_and_answer(customer, agent)
        resolve_id = str(uuid7())
        await agent.send("resolve", {"id": resolve_id})
        await agent.until("delivered", id=resolve_id)
    return took_ms


async def _ask_and_answer(customer: ChatSocket, agent: ChatSocket) -> float:
    # Both must be past their replay, or it would be part of the time.
    await customer.until("synced")
    await agent.until("synced")
    began = time.perf_counter()
    asked = await customer.say("Does a message arrive?")
    question = await agent.until("message", id=asked)
    # Nobody is to find it unread in the inbox.
    await agent.send("receipt", {"kind": "read", "up_to": question["seq"]})
    answered = await agent.say("It does, and so does the answer.")
    await customer.until("message", id=answered)
    return (time.perf_counter() - began) * 1_000
