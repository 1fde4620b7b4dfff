"""What both HTTP edges share, as pure functions."""

from typing import Any

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from chorus.errors import KeyReused, RateLimited, Unauthenticated
from chorus.settings import BadSettings
from chorus.web import (
    address_key,
    client_address,
    is_loopback,
    networks,
    problem,
    problem_of,
)

PROXIES = networks("10.0.0.0/8, fd00::/8,")


def _scope(peer: str | None, *forwarded: str) -> dict[str, Any]:
    headers = [(b"host", b"x"), *((b"x-forwarded-for", line.encode()) for line in forwarded)]
    return {"client": (peer, 4711) if peer else None, "headers": headers}


@pytest.mark.parametrize(
    ("peer", "forwarded", "client"),
    [
        ("203.0.113.9", (), "203.0.113.9"),
        ("203.0.113.9", ("198.51.100.1",), "203.0.113.9"),
        ("10.0.0.1", (), "10.0.0.1"),
        ("10.0.0.1", ("198.51.100.1",), "198.51.100.1"),
        ("10.0.0.1", ("127.0.0.1, 198.51.100.1",), "198.51.100.1"),
        ("10.0.0.1", ("127.0.0.1", "198.51.100.1"), "198.51.100.1"),
        ("10.0.0.1", ("6.6.6.6, 198.51.100.1, 10.0.0.2",), "198.51.100.1"),
        ("10.0.0.1", ("10.0.0.3, 10.0.0.2",), "10.0.0.3"),
        ("10.0.0.1", ("198.51.100.1:5555",), "198.51.100.1"),
        ("10.0.0.1", ('"[2001:db8::1]:5555"',), "2001:db8::1"),
        ("10.0.0.1", ("2001:db8::1",), "2001:db8::1"),
        ("fd00::1", ("198.51.100.1",), "198.51.100.1"),
        ("::ffff:10.0.0.1", ("198.51.100.1",), "198.51.100.1"),
        ("10.0.0.1", ("6.6.6.6, rubbish",), "unknown"),
        ("10.0.0.1", ("6.6.6.6, unknown, 10.0.0.2",), "unknown"),
        ("10.0.0.1", ("6.6.6.6,",), "unknown"),
        (None, ("198.51.100.1",), "127.0.0.1"),
        ("not-an-address", ("198.51.100.1",), "unknown"),
    ],
)
def test_the_client_is_the_rightmost_hop_that_is_no_proxy_of_ours(
    peer: str | None, forwarded: tuple[str, ...], client: str
) -> None:
    assert client_address(_scope(peer, *forwarded), PROXIES) == client


def test_nobody_is_trusted_when_no_proxy_is_configured() -> None:
    assert client_address(_scope("127.0.0.1", "198.51.100.1"), ()) == "127.0.0.1"


def test_a_long_chain_of_claims_does_not_hide_the_hop_our_proxy_wrote() -> None:
    claims = ", ".join(["127.0.0.1"] * 5_000)
    assert client_address(_scope("10.0.0.1", f"{claims}, 198.51.100.1"), PROXIES) == "198.51.100.1"


@given(st.lists(st.text(max_size=30), max_size=4))
def test_no_header_makes_an_untrusted_peer_somebody_else(lines: list[str]) -> None:
    headers = [(b"x-forwarded-for", line.encode("utf-8", "replace")) for line in lines]
    assert (
        client_address({"client": ("203.0.113.9", 1), "headers": headers}, PROXIES) == "203.0.113.9"
    )


@given(st.lists(st.text(st.characters(max_codepoint=255), max_size=60), max_size=5))
def test_no_header_makes_the_address_fail(forwarded: list[str]) -> None:
    headers = [(b"x-forwarded-for", line.encode("latin-1")) for line in forwarded]
    assert client_address({"client": ("10.0.0.1", 1), "headers": headers}, PROXIES)


def test_an_ipv6_subscriber_is_one_visitor_whatever_host_part_it_takes() -> None:
    assert (
        address_key("2001:db8:1:2:3::4")
        == address_key("2001:db8:1:2:ffff::9")
        == "2001:db8:1:2::/64"
    )
    assert address_key("2001:db8:1:3::4") != address_key("2001:db8:1:2::4")
    assert address_key("::ffff:203.0.113.9") == "203.0.113.9"
    assert address_key("no address") == "unknown"


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


def test_networks_are_read_from_a_list() -> None:
    assert [str(one) for one in PROXIES] == ["10.0.0.0/8", "fd00::/8"]
    assert [str(one) for one in networks("10.1.2.3/8")] == ["10.0.0.0/8"]
    with pytest.raises(BadSettings, match="CHORUS_TRUSTED_PROXIES"):
        networks("10.0.0.0/8,x")


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
