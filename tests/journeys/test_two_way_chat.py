"""A customer and agents talk through a whole installation: real processes, real servers."""

from collections.abc import Callable

import pytest

from chorus.ids import uuid7
from launch.client_socket import Frame
from launch.ws_client import NotDelivered
from load.stage import Stage
from tests.journeys.people import Meeting, Row, open_meeting

pytestmark = [pytest.mark.anyio, pytest.mark.slow]


async def test_both_sides_see_one_order(meeting: Meeting) -> None:
    handles = []
    for number in range(10):
        handles.append(meeting.customer.send(f"question {number}"))
        handles.append(meeting.ada.send(f"answer {number}"))
    for handle in handles:
        await handle
    rows = await meeting.settled([meeting.customer, meeting.ada, meeting.bea])
    said = [row.content for row in rows if row.kind == "text"]
    assert [text for text in said if text.startswith("q")] == [f"question {n}" for n in range(10)]
    assert [text for text in said if text.startswith("a")] == [f"answer {n}" for n in range(10)]


async def test_sender_other_tab_and_other_side_see_one_order(installation: Stage) -> None:
    frames: list[list[Frame]] = []

    def overhear() -> Callable[[Frame], None]:
        frames.append([])
        return frames[-1].append

    async with (
        open_meeting(installation, overhearing=overhear) as meeting,
        meeting.other_tab(on_frame=overhear()) as tab,
    ):
        clients = {"sender": meeting.customer, "ada": meeting.ada, "bea": meeting.bea, "tab": tab}
        for number in range(10):
            for name, client in clients.items():
                noted = name == "ada" and number % 2
                handle = client.send(f"{name} {number}", visibility="agents" if noted else "public")
        await handle
        rows = await meeting.settled(clients.values())
    told = {name: _told(heard) for name, heard in zip(clients, frames, strict=True)}
    for name, places in told.items():
        # Of its own an `id` comes as `delivered`, of all others as `message`, at the same place.
        assert [seq for seq, _, _ in places] == [row.seq for row in rows]
        for (_, event, _), row in zip(places, rows, strict=True):
            assert row.kind == "event" or event == _expected(row, name)
    ids = {name: [id for _, _, id in places] for name, places in told.items()}
    assert ids["ada"] == ids["bea"] == [row.id if row.kind != "event" else None for row in rows]
    seen = [row.id if row.visibility == "public" and row.kind != "event" else None for row in rows]
    assert ids["sender"] == ids["tab"] == seen


def _told(heard: list[Frame]) -> list[tuple[int, str, str | None]]:
    """Place, event and id of the durable frames of one socket, in the order they came."""
    durable = [frame for frame in heard if "seq" in frame]
    return [
        (
            frame["seq"],
            frame["event"],
            frame["data"].get("id") if frame["event"] in ("message", "delivered") else None,
        )
        for frame in durable
    ]


def _expected(row: Row, name: str) -> str:
    if row.visibility == "agents" and name in ("sender", "tab"):
        return "void"
    return "delivered" if row.content.startswith(f"{name} ") else "message"


async def test_a_repeated_id_gives_one_row_and_the_first_seq(meeting: Meeting) -> None:
    id = uuid7()
    first = await meeting.customer.command("message", id=id, content="only once")
    again = await meeting.customer.command("message", id=id, content="only once")
    assert (again.seq, again.dup) == (first.seq, True)
    rows = await meeting.rows()
    assert [row.id for row in rows].count(str(id)) == 1


async def test_the_same_id_with_another_body_is_a_conflict(meeting: Meeting) -> None:
    id = uuid7()
    await meeting.customer.command("message", id=id, content="one thing")
    with pytest.raises(NotDelivered, match="ID_CONFLICT"):
        await meeting.customer.command("message", id=id, content="another thing")


async def test_a_note_is_void_for_the_customer_and_never_a_gap(meeting: Meeting) -> None:
    async with meeting.other_tab() as tab:
        await meeting.customer.send("before")
        note = await meeting.ada.send("only for us", visibility="agents")
        await meeting.customer.send("after")
        await meeting.settled([meeting.customer, tab, meeting.ada, meeting.bea])
        for client in (meeting.customer, tab):
            theirs = {entry.seq: entry for entry in client.log}
            assert note.seq is not None
            assert theirs[note.seq].event == "void" and not theirs[note.seq].data
    items = (await meeting.rest.history(meeting.visitor.token, meeting.conversation_id)).items
    hidden = next(item for item in items if item["seq"] == note.seq)
    assert set(hidden) == {"seq", "id", "type"} and hidden["type"] == "void"


async def test_receipts_reach_the_other_side(meeting: Meeting) -> None:
    said = await meeting.customer.send("did you read me?")
    await meeting.ada.wait(lambda: any(entry.seq == said.seq for entry in meeting.ada.log))
    meeting.ada.signal("receipt", {"kind": "read", "up_to": said.seq})
    heard = await meeting.customer.wait_heard("receipt", kind="read")
    assert heard["data"]["up_to"] == said.seq
    assert heard["data"]["userId"] == str(meeting.agent.agent_id)
    item = (await meeting.rest.history(meeting.visitor.token, meeting.conversation_id)).items[-1]
    assert item["readAt"] is not None


async def test_typing_reaches_the_others_and_is_never_stored(meeting: Meeting) -> None:
    meeting.customer.signal("typing", {"role": "customer", "state": "start"})
    heard = await meeting.ada.wait_heard("typing", state="start")
    assert heard["data"]["userId"] == str(meeting.visitor.contact_id)
    assert not [frame for frame in meeting.customer.heard if frame["event"] == "typing"]
    assert await meeting.rows() == []


async def test_who_is_there_is_shown_to_the_other_side(meeting: Meeting) -> None:
    await meeting.customer.wait_heard(
        "presence", userId=str(meeting.agent.agent_id), status="online"
    )


async def test_the_first_public_answer_takes_the_floor(meeting: Meeting) -> None:
    await meeting.customer.send("hello?")
    await meeting.ada.send("here I am")
    rows = await meeting.settled([meeting.customer, meeting.ada])
    kinds = [row.kind for row in rows]
    assert kinds[0] == "text" and kinds[-1] == "text" and kinds.count("event") >= 1
    assert "event" in kinds[1:-1], "the events of taking over stand just before the message"


async def test_a_message_by_rest_stands_in_the_same_order(meeting: Meeting) -> None:
    id, path = uuid7(), f"/livechat/conversations/{meeting.conversation_id}/messages"
    body = {"id": str(id), "content": "over REST"}
    first = await meeting.rest.call("POST", path, token=meeting.visitor.token, body=body)
    again = await meeting.rest.call("POST", path, token=meeting.visitor.token, body=body)
    assert (first["dup"], again["dup"], again["seq"]) == (False, True, first["seq"])
    await meeting.settled([meeting.customer, meeting.ada, meeting.bea])
