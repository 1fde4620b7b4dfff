"""Whatever is published, a gateway goes on: what makes no sense is counted and dropped."""

import copy
from collections.abc import Iterator
from typing import Any
from uuid import UUID

import orjson
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from prometheus_client import REGISTRY

from chorus import bus, topics
from chorus.ids import uuid7
from chorus.topics import NO_AUTHOR, NO_CONN, Audience, Header, Kind
from tests.chat_service.api_world import say
from tests.gateway.gateways import Gateway, Line, World
from tests.support.waiting import until

pytestmark = pytest.mark.anyio
EXAMPLES = 300
JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**63), 2**63) | st.floats() | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=6,
)
SAID: list[bytes] = [
    b"",
    b"\xff\xfe",
    b"[]",
    b"{}",
    b"null",
    b"7",
    b'"fan"',
    b"[" * 2_000,
    b'{"newest":{"node":1,"sockets":[[7,"x",null,1,1]]}}',
    b'{"newest":[]}',
    b'{"revoke":{"id":1,"kind":"user","subject":"x","before":"soon"}}',
    b'{"revoke":{"id":[],"kind":{},"subject":1,"before":null}}',
    b'{"status":{"agent":7,"status":"away","at_ms":1}}',
    b'{"agent":1,"session":[],"frame":{}}',
    b'{"counts":[1],"viewers":7}',
    b'[{"conv":7}]',
    bytes(topics.HEADER_BYTES),
    b"x" * 5_000_000,
]


def counted(channel: str) -> float:
    found = REGISTRY.get_sample_value("bad_publications_total", {"channel": channel})
    return found or 0.0


def words(world: World) -> list[tuple[str, dict[str, Any]]]:
    """What is said well on each channel of words, of somebody who is here."""
    tenant = world.tenant
    offer = {"event": "offer", "data": {"session": str(uuid7()), "deadline_ms": 1, "packet": {}}}
    sockets = [[str(tenant.agent), str(uuid7()), None, 1, 1]]
    return [
        (topics.CONTROL, {"newest": {"node": 1, "sockets": sockets}}),
        (
            topics.CONTROL,
            {"revoke": {"id": 1, "kind": "user", "subject": str(uuid7()), "before": 7}},
        ),
        (
            topics.CONTROL,
            {"status": {"agent": str(tenant.agent), "status": "online", "at_ms": 1}},
        ),
        (
            topics.inbox(tenant.id),
            {
                "agent": str(tenant.agent),
                "conv": str(tenant.conversation),
                "session": str(uuid7()),
                "frame": orjson.dumps(offer).decode(),
            },
        ),
        (topics.inbox(tenant.id), {"counts": {"support": {"waiting": 1}}, "viewers": {}}),
    ]


def paths(value: Any, here: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    """Every place in a JSON value, the value itself included."""
    yield here
    listed = dict(enumerate(value)) if isinstance(value, list) else value
    for key, child in listed.items() if isinstance(listed, dict) else ():
        yield from paths(child, (*here, key))


def replaced(value: Any, path: tuple[Any, ...], by: Any) -> Any:
    if not path:
        return by
    whole = copy.deepcopy(value)
    inner = whole
    for key in path[:-1]:
        inner = inner[key]
    inner[path[-1]] = by
    return whole


def header(world: World, **facts: Any) -> Header:
    """That of a published event of the tenant's conversation."""
    chosen: dict[str, Any] = {
        "kind": Kind.DURABLE,
        "audience": Audience.EVERYONE,
        "conversation": world.tenant.conversation,
        "seq": 1,
        "node": 0,
        "conn": NO_CONN,
        "slot": 0,
        "ts_ms": 0,
        "author": NO_AUTHOR,
    }
    return Header(**{**chosen, **facts})


MESSAGE = {"event": "message", "data": {"id": str(uuid7()), "content": "forged"}, "seq": 1}
WRONG: list[bytes] = [
    *SAID,
    orjson.dumps({**MESSAGE, "seq": 2}),
    orjson.dumps({**MESSAGE, "seq": "1"}),
    orjson.dumps({**MESSAGE, "event": 1}),
    orjson.dumps({**MESSAGE, "data": []}),
    orjson.dumps({**MESSAGE, "data": {"id": 7}}),
    orjson.dumps({**MESSAGE, "data": {}}),
    orjson.dumps(MESSAGE) + b" ",
    orjson.dumps(MESSAGE)[:-1],
    orjson.dumps({**MESSAGE, "data": {"id": str(uuid7()), "content": "x" * 300_000}}),
]


async def opened(world: World) -> tuple[Gateway, Line, Line]:
    """A gateway with a customer and an agent in one conversation."""
    here = await world.gateway()
    line, desk = await world.customer(here), await world.inbox(here)
    await desk.subscribe(world.tenant.conversation)
    for one in (line, desk):
        await one.hear("synced")
    return here, line, desk


async def goes_on(world: World, here: Gateway, *lines: Line) -> None:
    """Everybody is still there and hears in order what is said; nothing waits to go off."""
    await here.resources.announcer._flush([*here.resources.hub.users])
    here.resources.revocations.forget(1.0)
    for line in lines:
        assert here.resources.revocations.ended(world.tenant.principal()) is None
        assert await line.answers()
    for content in ("one", "two"):
        await say(world.api, world.tenant.principal("contact"), world.tenant.conversation, content)
        for line in lines:
            await line.hear("message", content=content)
    for line in lines:
        assert not any(one["data"].get("content") == "forged" for one in line.heard)


async def test_a_word_with_anything_in_any_place_ends_nothing(world: World) -> None:
    here, line, desk = await opened(world)
    drawn = [(channel, word, path) for channel, word in words(world) for path in paths(word)]

    @settings(max_examples=EXAMPLES)
    @given(st.sampled_from(drawn), JSON)
    def hear(place: tuple[str, Any, tuple[Any, ...]], value: Any) -> None:
        channel, word, path = place
        here.resources.listener.hear(channel, orjson.dumps(replaced(word, path, value)))

    hear()
    await goes_on(world, here, line, desk)


async def test_any_bytes_on_any_channel_end_nothing(world: World) -> None:
    here, line, desk = await opened(world)
    channels = [
        topics.CONTROL,
        topics.fan(world.tenant.conversation),
        topics.gateway(here.resources.node),
        topics.inbox(world.tenant.id),
        "inbox:nobody",
    ]
    heads = st.builds(
        lambda kind, audience, seq, mine, slot, ts_ms: header(
            world,
            kind=kind,
            audience=audience,
            seq=seq,
            node=here.resources.node if mine else 0,
            slot=slot,
            ts_ms=ts_ms,
        ).pack(),
        st.sampled_from(Kind),
        st.sampled_from(Audience),
        st.integers(-(2**63), 2**63 - 1),
        st.booleans(),
        st.integers(0, 3),
        st.integers(-(2**63), 2**63 - 1),
    )
    said = st.binary() | JSON.map(orjson.dumps)

    @settings(max_examples=EXAMPLES)
    @given(st.sampled_from(channels), st.just(b"") | heads, said)
    def hear(channel: str, head: bytes, data: bytes) -> None:
        here.resources.listener.hear(channel, head + data)

    hear()
    await goes_on(world, here, line, desk)


@pytest.mark.parametrize("kind", [Kind.DURABLE, Kind.EPHEMERAL, Kind.CANARY, Kind.REPLY])
async def test_a_frame_that_is_none_reaches_nobody(world: World, kind: Kind) -> None:
    here, line, desk = await opened(world)
    bad = counted("fan")
    for frame in SAID if kind is Kind.EPHEMERAL else WRONG:
        packed = header(world, kind=kind).pack() + frame
        here.resources.listener.hear(topics.fan(world.tenant.conversation), packed)
    assert counted("fan") > bad
    await goes_on(world, here, line, desk)


@pytest.mark.parametrize("ts_ms", [-1, 2**62])
async def test_a_time_that_nobody_can_spell_is_none(world: World, ts_ms: int) -> None:
    here, line, desk = await opened(world)
    bad = counted("fan")
    packed = header(world, ts_ms=ts_ms).pack() + orjson.dumps(MESSAGE)
    here.resources.listener.hear(topics.fan(world.tenant.conversation), packed)
    assert counted("fan") == bad + 1
    await goes_on(world, here, line, desk)


async def test_an_answer_that_is_none_leaves_the_request_open(world: World) -> None:
    here = await world.gateway()
    line = await world.customer(here)
    id, node = uuid7(), here.resources.node
    await line.say("message", id=str(id), content="is anybody there?")

    async def asked() -> bool:
        return bool(len(here.resources.outstanding))

    await until(asked)
    (pending,) = here.resources.outstanding.unsettled()
    told = header(world, kind=Kind.REPLY, seq=0, node=node, slot=pending.slot).pack()
    for frame in [*SAID, b'{"event":"nack","data":{"code":"NO_SUCH"}}', b'{"event":"nack"}']:
        here.resources.listener.hear(topics.gateway(node), told + frame)
    data = {"id": str(id), "seq": 1, "ts": "T", "dup": True}
    good = orjson.dumps({"event": "delivered", "data": data})
    here.resources.listener.hear(topics.gateway(node), told + good)
    assert await line.hear("delivered", id=str(id)) == data


async def test_rubbish_over_redis_ends_no_gateway(world: World) -> None:
    here, line, desk = await opened(world)
    conversation: UUID = world.tenant.conversation
    channels = [
        topics.CONTROL,
        topics.fan(conversation),
        topics.gateway(here.resources.node),
        topics.inbox(world.tenant.id),
    ]
    before = {channel: counted(channel.partition(":")[0]) for channel in channels}
    ours = header(world).pack()
    said = [
        (channel, ours + one if channel.startswith("fan:") else one)
        for channel in channels
        for one in SAID
    ]
    async with bus.open_redis(here.resources.settings.redis_url) as client:
        await bus.publish_all(client, said)
    await goes_on(world, here, line, desk)
    for channel in channels:
        assert counted(channel.partition(":")[0]) > before[channel], channel
