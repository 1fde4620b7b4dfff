"""Which pages may open a socket."""

import pytest

from chorus.auth import AUD_AGENT, AUD_SERVER, AUD_VISITOR, Principal
from chorus.ids import uuid7
from gateway.origins import Page, configured, normal, page_of

CONFIGURED = configured("https://console.example.com, http://127.0.0.1:5173,nonsense")


def whom(audience: str, origin: str | None = None) -> Principal:
    return Principal(uuid7(), uuid7(), "visitor", audience, frozenset(), 0, origin=origin)


@pytest.mark.parametrize(
    ("origin", "spelled"),
    [
        ("https://Shop.Example.com", "https://shop.example.com"),
        ("https://shop.example.com:443", "https://shop.example.com"),
        ("http://shop.example.com:80/", "http://shop.example.com"),
        ("http://[::1]:8080", "http://[::1]:8080"),
        ("https://shop.example.com:8443", "https://shop.example.com:8443"),
    ],
)
def test_an_origin_is_spelled_one_way(origin: str, spelled: str) -> None:
    assert normal(origin) == spelled


@pytest.mark.parametrize(
    "origin",
    [
        "null",
        "",
        "file://x",
        "https://",
        "https://a@b.com",
        "https://a.com/x",
        "https://a.com?x",
        "javascript:1",
        "https://a.com:x",
        "https://a.com:99999",
        "ftp://a.com",
    ],
)
def test_what_is_no_origin_is_none(origin: str) -> None:
    assert normal(origin) is None


@pytest.mark.parametrize(
    "origin",
    [
        "https://console.example.com.evil.com",
        "https://evilconsole.example.com",
        "https://console.example.co",
        "http://console.example.com",
        "https://console.example.com:444",
        "null",
        "https://evil.com",
        "http://chat.example.com.evil.com",
    ],
)
def test_a_page_that_only_looks_alike_is_refused(origin: str) -> None:
    assert not Page(origin, "chat.example.com").allows(CONFIGURED, None)
    assert not Page(origin, "chat.example.com").allows(
        CONFIGURED, whom(AUD_VISITOR, "https://shop.example")
    )


def test_own_host_and_configured_pages_are_let_in() -> None:
    assert Page("https://chat.example.com", "chat.example.com").allows(frozenset(), None)
    assert Page("http://127.0.0.1:8080", "127.0.0.1:8080").allows(frozenset(), None)
    assert Page("https://console.example.com", "chat.example.com").allows(CONFIGURED, None)


def test_a_visitor_comes_from_the_page_its_token_was_made_for() -> None:
    shop = whom(AUD_VISITOR, "https://shop.example")
    assert Page("https://shop.example", "chat.example.com").allows(frozenset(), shop)
    assert not Page("https://other.example", "chat.example.com").allows(frozenset(), shop)


def test_no_origin_is_for_services_only() -> None:
    page = page_of({"host": "chat.example.com"})
    assert page.allows(frozenset(), whom(AUD_SERVER))
    assert not page.allows(frozenset(), whom(AUD_AGENT))
    assert not page.allows(frozenset(), None)
