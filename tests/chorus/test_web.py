"""What both HTTP edges share, as pure functions."""

import asyncio
from typing import Any

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from chorus.errors import KeyReused, RateLimited, Unauthenticated
from chorus.flags import FixedFlags, open_flags
from chorus.web import (
    BodyLimit,
    RateLimit,
    Readiness,
    address_key,
    client_address,
    is_loopback,
    networks,
    origin_allowed,
    problem,
    problem_of,
)

PROXIES = networks(["10.0.0.0/8", "fd00::/8"])


def _scope(peer: str | None, *forwarded: str) -> dict[str, Any]:
    headers = [(b"x-forwarded-for", line.encode()) for line in forwarded]
    return {"client": (peer, 1) if peer else None, "headers": headers}


def test_the_caller_is_the_rightmost_hop_that_is_no_proxy_of_ours() -> None:
    found = [
        client_address(_scope(peer, *forwarded), PROXIES)
        for peer, forwarded in (
            ("203.0.113.9", ()),
            ("203.0.113.9", ("1.2.3.4",)),
            ("10.1.1.1", ("1.2.3.4, 198.51.100.7",)),
            ("10.1.1.1", ("1.2.3.4", "198.51.100.7, 10.2.2.2")),
            ("10.1.1.1", ("[2001:db8::1]:443",)),
            ("10.1.1.1", ("198.51.100.7:5555",)),
            ("10.1.1.1", ("rubbish",)),
            ("::ffff:10.1.1.1", ("198.51.100.7",)),
            (None, ()),
        )
    ]
    assert found == [
        "203.0.113.9",
        "203.0.113.9",
        "198.51.100.7",
        "198.51.100.7",
        "2001:db8::1",
        "198.51.100.7",
        "unknown",
        "198.51.100.7",
        "127.0.0.1",
    ]


@given(st.lists(st.text(st.characters(max_codepoint=255), max_size=60), max_size=5))
def test_no_header_makes_the_address_fail(forwarded: list[str]) -> None:
    headers = [(b"x-forwarded-for", line.encode("latin-1")) for line in forwarded]
    assert client_address({"client": ("10.0.0.1", 1), "headers": headers}, PROXIES)


def test_one_subscriber_is_one_key() -> None:
    assert address_key("203.0.113.9") == "203.0.113.9"
    assert address_key("2001:db8::1") == address_key("2001:db8::ffff") == "2001:db8::/64"
    assert address_key("2001:db8:0:1::1") != address_key("2001:db8::1")
    assert address_key("nonsense") == "unknown"
    assert [is_loopback(one) for one in ("127.9.9.9", "::1", "10.0.0.1", "x")] == [
        True,
        True,
        False,
        False,
    ]


def test_an_origin_fits_whole_or_not_at_all() -> None:
    allowed = ["https://shop.example", "http://localhost:*", "http://[::1]:*"]
    good = [
        "https://shop.example",
        "http://localhost",
        "http://localhost:3000",
        "http://[::1]:8080",
    ]
    bad = [
        "",
        "null",
        "https://shop.example/",
        "https://shop.example:444",
        "https://a.shop.example",
        "https://shop.example.evil.test",
        "http://localhost:3000/x",
        "http://localhost:x",
        "http://localhost:3000@evil.test",
        "http://user@localhost:3000",
        "http://LOCALHOST:3000",
        "https://localhost:3000",
        "http://localhost.evil.test:3000",
        "http://[::1",
    ]
    assert [one for one in good if not origin_allowed(one, allowed)] == []
    assert [one for one in bad if origin_allowed(one, allowed)] == []


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


def test_a_problem_has_a_stable_code_and_its_facts_in_camel_case() -> None:
    answer = problem_of(RateLimited(retry_after_ms=1500, head_seq=4))
    body = orjson.loads(bytes(answer.body))
    assert answer.media_type == "application/problem+json"
    assert answer.headers["retry-after"] == "2"
    assert (body["code"], body["retryAfterMs"], body["headSeq"]) == ("RATE_LIMITED", 1500, 4)
    assert problem_of(Unauthenticated()).headers["www-authenticate"].startswith("Bearer")
    assert orjson.loads(bytes(problem_of(KeyReused()).body))["code"] == "KEY_REUSED"
    forged = problem(400, "X", "Y.", extra={"status": 200, "code": "Z"})
    assert orjson.loads(bytes(forged.body))["code"] == "X"


def test_readiness_waits_for_the_first_answer_and_forgives_later_losses() -> None:
    ready = Readiness(("postgres", "redis"))
    ready.note("postgres", up=True)
    ready.note("redis", up=False)
    assert (ready.ready, ready.degraded) == (False, [])
    ready.note("redis", up=True)
    ready.note("redis", up=False)
    assert (ready.ready, ready.degraded) == (True, ["redis"])
    assert ready.answer().status_code == 200
    ready.draining = True
    assert ready.answer().status_code == 503


@pytest.mark.anyio
async def test_a_body_that_never_ends_in_time_is_given_up() -> None:
    async def app(_scope: Any, _receive: Any, _send: Any) -> None:
        raise AssertionError("nothing to parse")

    async def silent() -> Any:
        await asyncio.Event().wait()

    said: list[Any] = []

    async def send(message: Any) -> None:
        said.append(message)

    scope = {"type": "http", "headers": [], "method": "POST", "path": "/"}
    await BodyLimit(app, max_bytes=10, timeout_s=0.01)(scope, silent, send)
    assert said[0]["status"] == 408


@pytest.mark.anyio
async def test_flags_answer_from_memory_and_default_to_off() -> None:
    async with open_flags("", token="", known={"on": True}) as flags:
        assert isinstance(flags, FixedFlags)
        assert flags.enabled("on")
        assert not flags.enabled("unheard")
        assert flags.enabled("unheard", default=True)
