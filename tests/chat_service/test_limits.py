"""Buckets by key: refilled, bounded, and honest about when to come back."""

from uuid import UUID

import pytest

from chat_service.limits import PEOPLE_OF_AN_ADDRESS, Caller, Limits, RateLimit
from chat_service.settings import ApiSettings
from chat_service.shared_buckets import SharedBuckets
from chorus.auth import AUD_AGENT, AUD_VISITOR, Principal
from chorus.bus import open_redis
from chorus.errors import RateLimited
from chorus.ids import uuid7

pytestmark = pytest.mark.anyio


def test_a_bucket_refills_and_tells_when() -> None:
    limit = RateLimit(per_s=2.0, burst=3)
    first = [limit.take("a", 0.0) for _ in range(4)]
    assert [one.granted for one in first] == [True, True, True, False]
    assert [one.remaining for one in first] == [2, 1, 0, 0]
    assert first[3].headers["Retry-After"] == "1"
    assert limit.take("b", 0.0).granted
    assert limit.take("a", 0.5).granted
    assert not limit.take("a", 0.5).granted


def test_the_quietest_key_is_forgotten_first() -> None:
    limit = RateLimit(per_s=0.001, burst=1, keys_max=2)
    for key in ("a", "b", "c"):
        assert limit.take(key, 0.0).granted
    assert limit.take("a", 1.0).granted
    assert not limit.take("c", 1.0).granted


def visitor(tenant_id: UUID) -> Principal:
    return Principal(tenant_id, uuid7(), "visitor", AUD_VISITOR, frozenset(), 2**39)


async def test_visitors_of_one_address_attach_files_as_a_few_people_may_and_agents_there_as_ever(
    redis_url: str,
) -> None:
    async with open_redis(redis_url) as client:
        limits = Limits(ApiSettings(uploads_burst=2), SharedBuckets(client))
    office = Caller("203.0.113.7")
    for _ in range(2 * PEOPLE_OF_AN_ADDRESS):
        assert limits.upload(office, visitor(uuid7())) == office.key
    with pytest.raises(RateLimited):
        limits.upload(office, visitor(uuid7()))
    agent = Principal(uuid7(), uuid7(), "agent", AUD_AGENT, frozenset(), 2**39)
    assert limits.upload(office, agent) == ""
    assert limits.upload(Caller("127.0.0.1"), visitor(uuid7())) == ""
