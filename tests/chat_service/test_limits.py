"""Buckets by key: refilled, bounded, and honest about when to come back."""

from chat_service.limits import RateLimit


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
