"""The contract of `chorus/presence.py` and the scripts, on a real Redis."""

import time
from collections.abc import AsyncIterator
from dataclasses import replace
from uuid import UUID

import pytest

from chorus import presence, topics
from chorus.bus import Client, open_redis
from chorus.errors import Unavailable
from chorus.ids import uuid7
from chorus.presence import Beat, Seen
from chorus.wire.common import PresenceStatus, Role
from chorus.wire.envelope import decode_server
from chorus.wire.server_chat import Presence
from launch.spawn import free_port
from presence import store
from presence.tracker import Announced, Person, Transition

pytestmark = pytest.mark.anyio
TTL_MS = 15_000
ONLINE, OFFLINE, UNKNOWN = PresenceStatus.ONLINE, PresenceStatus.OFFLINE, PresenceStatus.UNKNOWN
TRUSTED = (0, 0)


@pytest.fixture
async def client(redis_db: str) -> AsyncIterator[Client]:
    async with open_redis(redis_db) as opened:
        yield opened


async def now_ms(client: Client) -> int:
    seconds, micros = await client.time()
    return int(seconds) * 1000 + int(micros) // 1000


def a_beat(*, node: str = "n1", role: Role = Role.CUSTOMER, talks: int = 1) -> Beat:
    return Beat(uuid7(), uuid7(), role, node, frozenset(uuid7() for _ in range(talks)))


def coming(one: Beat, decided_ms: int, *, status: PresenceStatus = ONLINE) -> Transition:
    person = Person(one.tenant_id, one.user_id)
    talks = one.conversations
    return Transition(person, one.role, status, decided_ms, talks, talks, decided_ms)


async def test_a_beat_is_seen_with_all_it_says(client: Client) -> None:
    one = Beat(
        uuid7(), uuid7(), Role.AGENT, "n1", frozenset({uuid7(), uuid7()}), PresenceStatus.AWAY
    )
    await presence.beat(client, [one])
    seen = await store.look(client, since_ms=0, ttl_ms=TTL_MS)
    (sighting,) = seen.sightings
    assert sighting.person == Person(one.tenant_id, one.user_id)
    assert (sighting.role, sighting.status) == (Role.AGENT, PresenceStatus.AWAY)
    assert sighting.conversations == one.conversations
    assert 0 <= seen.now_ms - sighting.heard_ms < TTL_MS


async def test_thousands_of_people_beat_at_once(client: Client) -> None:
    beats = [a_beat() for _ in range(4_321)]
    await presence.beat(client, beats)
    await presence.beat(client, beats)
    seen = await store.look(client, since_ms=0, ttl_ms=TTL_MS)
    assert {one.person.user_id for one in seen.sightings} == {one.user_id for one in beats}
    assert len(seen.sightings) == len(beats)


async def test_the_next_look_reads_only_what_was_heard_since(client: Client) -> None:
    await presence.beat(client, [a_beat()])
    first = await store.look(client, since_ms=0, ttl_ms=TTL_MS)
    later = await store.look(client, since_ms=first.now_ms + 1, ttl_ms=TTL_MS)
    assert (len(first.sightings), later.sightings) == (1, [])


async def test_two_gateways_of_one_person_are_two_devices_and_leaving_is_heard(
    client: Client,
) -> None:
    one = a_beat()
    other = Beat(one.tenant_id, one.user_id, one.role, "n2", one.conversations)
    await presence.beat(client, [one, other])
    await client.zadd(
        presence.BEATS, dict.fromkeys(await client.zrange(presence.BEATS, 0, -1), 1000000000000.0)
    )
    await presence.leave(client, [one])
    seen = await store.look(client, since_ms=0, ttl_ms=2**50)
    assert [s.status for s in seen.sightings] == [ONLINE, ONLINE, OFFLINE]
    assert len({s.node for s in seen.sightings}) == 2
    assert seen.sightings[2].node in {s.node for s in seen.sightings[:2]}


async def test_what_is_older_than_the_ttl_is_swept(client: Client) -> None:
    await presence.beat(client, [a_beat()])
    (beat,) = await client.zrange(presence.BEATS, 0, -1)
    await client.zadd(presence.BEATS, {beat: await now_ms(client) - TTL_MS - 1})
    assert (await store.look(client, since_ms=0, ttl_ms=TTL_MS)).sightings == []
    assert await client.zcard(presence.BEATS) == 0


async def test_a_beat_of_the_future_is_heard_now(client: Client) -> None:
    await presence.beat(client, [a_beat()])
    (beat,) = await client.zrange(presence.BEATS, 0, -1)
    await client.zadd(presence.BEATS, {beat: await now_ms(client) + 3_600_000})
    seen = await store.look(client, since_ms=0, ttl_ms=TTL_MS)
    assert [one.heard_ms for one in seen.sightings] == [seen.now_ms]


async def test_every_key_expires(client: Client) -> None:
    one = a_beat()
    await presence.beat(client, [one])
    await store.trust(client, TRUSTED, for_ms=30_000)
    await store.announce(client, [coming(one, await now_ms(client))])
    gone = a_beat()
    await store.announce(client, [coming(gone, await now_ms(client), status=OFFLINE)])
    await store.look(client, since_ms=0, ttl_ms=TTL_MS)
    keys = await client.keys("*")
    assert len(keys) == 4
    assert all([await client.pttl(key) > 0 for key in keys])


async def test_two_processes_publish_a_transition_once_and_only_where_it_matters(
    client: Client,
) -> None:
    one = a_beat(talks=2)
    async with client.pubsub(ignore_subscribe_messages=True) as pubsub:
        await pubsub.psubscribe("*")
        decided_ms = await now_ms(client)
        transition = coming(one, decided_ms)
        assert await store.announce(client, [transition]) == []
        (refusal,) = await store.announce(client, [transition])
        await client.publish("end", b"")
        published = await _until_end(pubsub)
    assert refusal.stored == Announced(
        transition.person, Role.CUSTOMER, ONLINE, decided_ms, one.conversations, decided_ms
    )
    assert {channel for channel, _ in published} <= {topics.fan(talk) for talk in one.conversations}
    headers = [topics.unpack(one[1]) for one in published]
    assert {header.conversation for header, _ in headers} == one.conversations
    assert len(published) == 2
    header, frame = headers[0]
    assert (header.kind, header.audience) == (topics.Kind.EPHEMERAL, topics.Audience.OTHERS)
    assert header.author == topics.author_key(one.user_id)
    said, _ = decode_server(frame)
    assert isinstance(said, Presence)
    assert (said.userId, said.status) == (one.user_id, ONLINE)


async def _until_end(pubsub: Client) -> list[tuple[str, bytes]]:
    published: list[tuple[str, bytes]] = []
    while True:
        message = await pubsub.get_message(ignore_subscribe_messages=True, timeout=5)
        if message is None:
            continue
        if message["channel"] == b"end":
            return published
        published.append((message["channel"].decode(), message["data"]))


async def test_a_decision_of_a_process_that_was_stopped_is_refused(client: Client) -> None:
    one = a_beat()
    stale_ms = await now_ms(client) - store.DECISION_GOOD_MS - 1_000
    (refusal,) = await store.announce(client, [coming(one, stale_ms, status=OFFLINE)])
    assert refusal.stored is None
    assert await client.keys("*") == []


async def test_an_older_decision_does_not_overwrite_a_later_one(client: Client) -> None:
    one = a_beat()
    decided_ms = await now_ms(client)
    while await now_ms(client) <= decided_ms:
        pass
    await store.announce(client, [coming(one, decided_ms)])
    (refusal,) = await store.announce(
        client, [coming(one, decided_ms - 1, status=PresenceStatus.BUSY)]
    )
    assert refusal.stored is not None
    assert refusal.stored.status is ONLINE


async def test_a_status_is_restated_once_after_an_outage(client: Client) -> None:
    one = a_beat()
    first_ms = await now_ms(client)
    await store.announce(client, [coming(one, first_ms)])
    while await now_ms(client) <= first_ms + 1:
        pass
    again = coming(one, first_ms + 1)
    restated = replace(again, since_ms=first_ms, restates_ms=first_ms)
    assert await store.announce(client, [restated]) == []
    assert len(await store.announce(client, [restated])) == 1


async def test_everyone_announced_is_found_by_the_next_process(client: Client) -> None:
    beats = [a_beat(role=Role.AGENT, talks=3) for _ in range(300)]
    decided_ms = await now_ms(client)
    await store.announce(client, [coming(one, decided_ms) for one in beats])
    found = {one.person.user_id: one async for one in store.announced(client)}
    assert found.keys() == {one.user_id for one in beats}
    one = found[beats[0].user_id]
    assert (one.role, one.conversations) == (Role.AGENT, beats[0].conversations)


async def test_reading_tells_online_offline_and_unknown_apart(client: Client) -> None:
    here, went, never = a_beat(), a_beat(), uuid7()
    tenant = here.tenant_id
    went = Beat(tenant, went.user_id, went.role, went.node, went.conversations)
    people = [here.user_id, went.user_id, never]
    assert await _statuses(client, tenant, people) == [UNKNOWN] * 3
    decided_ms = await now_ms(client)
    await store.announce(
        client, [coming(here, decided_ms), coming(went, decided_ms, status=OFFLINE)]
    )
    assert await _statuses(client, tenant, people) == [UNKNOWN] * 3
    await store.trust(client, (0, decided_ms + 60_000), for_ms=30_000)
    assert await _statuses(client, tenant, people) == [ONLINE, OFFLINE, UNKNOWN]
    await store.trust(client, TRUSTED, for_ms=30_000)
    assert await _statuses(client, tenant, people) == [ONLINE, OFFLINE, OFFLINE]
    assert (await presence.read(client, tenant, people))[here.user_id] == Seen(ONLINE, decided_ms)
    assert await _statuses(client, uuid7(), people) == [OFFLINE] * 3
    assert await presence.read(client, tenant, []) == {}


async def test_after_an_outage_no_record_is_believed_before_its_time(client: Client) -> None:
    here = a_beat()
    decided_ms = await now_ms(client)
    await store.announce(client, [coming(here, decided_ms)])
    await store.trust(client, (decided_ms + 60_000, decided_ms + 60_000), for_ms=30_000)
    assert await _statuses(client, here.tenant_id, [here.user_id]) == [UNKNOWN]


async def test_who_comes_back_is_no_longer_remembered_as_gone(client: Client) -> None:
    one = a_beat()
    await store.trust(client, TRUSTED, for_ms=30_000)
    for status in (ONLINE, OFFLINE, ONLINE):
        last_ms = await now_ms(client)
        assert await store.announce(client, [coming(one, last_ms, status=status)]) == []
        assert await _statuses(client, one.tenant_id, [one.user_id]) == [status]
        while await now_ms(client) <= last_ms:
            pass
    assert await client.exists(presence.left_key(one.tenant_id, one.user_id)) == 0


async def test_who_left_no_record_is_gone_since_absence_can_be_believed(client: Client) -> None:
    """Else they would be gone since just now for ever, and nothing would come of it."""
    tenant, someone, begun_ms = uuid7(), uuid7(), await now_ms(client)
    while await now_ms(client) <= begun_ms:
        pass
    for trusted in ((begun_ms - 7, begun_ms), (begun_ms, begun_ms - 7)):
        await store.trust(client, trusted, for_ms=30_000)
        for _ in range(2):
            seen = (await presence.read(client, tenant, [someone]))[someone]
            assert seen == Seen(OFFLINE, begun_ms)


async def test_nobody_is_said_to_be_gone_for_longer_than_records_are_kept(client: Client) -> None:
    someone = uuid7()
    await store.trust(client, TRUSTED, for_ms=30_000)
    before_ms = await now_ms(client)
    seen = (await presence.read(client, uuid7(), [someone]))[someone]
    assert (
        0 <= seen.since_ms + presence.LEFT_KEPT_MS - before_ms <= await now_ms(client) - before_ms
    )


async def test_trust_says_whether_this_redis_was_emptied(client: Client) -> None:
    assert not await store.trust(client, TRUSTED, for_ms=30_000)
    assert await store.trust(client, TRUSTED, for_ms=30_000)


async def test_without_redis_beats_are_refused_and_everyone_is_unknown() -> None:
    before_ms = time.time_ns() // 1_000_000
    someone = uuid7()
    async with open_redis(f"redis://127.0.0.1:{free_port()}/0") as nowhere:
        with pytest.raises(Unavailable):
            await presence.beat(nowhere, [a_beat()])
        with pytest.raises(Unavailable):
            await presence.leave(nowhere, [a_beat()])
        seen = (await presence.read(nowhere, uuid7(), [someone]))[someone]
    assert seen.status is UNKNOWN
    assert seen.since_ms >= before_ms


async def _statuses(client: Client, tenant: UUID, people: list[UUID]) -> list[PresenceStatus]:
    seen = await presence.read(client, tenant, people)
    return [seen[user].status for user in people]
