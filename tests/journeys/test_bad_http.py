"""Bad requests to a whole installation, byte by byte: each has its answer, and the edge lives on."""

import json
from collections.abc import Iterator
from typing import Any

import pytest

from chorus.ids import uuid7
from tests.journeys.rude import Rude
from tests.support.raw_socket import RawSocket

pytestmark = pytest.mark.slow
PATIENCE_S = 30.0
JSON_TYPE = ("Content-Type", "application/json")


@pytest.fixture(autouse=True)
def same_edge_afterwards(rude: Rude) -> Iterator[None]:
    """Whatever was sent, no process died of it and the next request is served."""
    before = rude.on.processes()
    yield
    status, _, _ = ask(rude, "GET", f"/livechat/conversations/{rude.visitor.conversation_id}")
    assert (status, rude.on.processes()) == (200, before)


def request(
    rude: Rude, method: str, path: str, *headers: tuple[str, str], body: bytes = b""
) -> bytes:
    """The bytes of a request of our visitor; `headers` may lie about the body."""
    named = {name.lower() for name, _ in headers}
    lines = [("Host", "chorus.test"), ("Authorization", f"Bearer {rude.visitor.token}"), *headers]
    if body and not named & {"content-length", "transfer-encoding"}:
        lines.append(("Content-Length", str(len(body))))
    head = "".join(f"{name}: {value}\r\n" for name, value in lines)
    return f"{method} {path} HTTP/1.1\r\n{head}\r\n".encode() + body


def answer(peer: RawSocket) -> tuple[int, dict[str, str], bytes]:
    first, *lines = peer.head().decode().split("\r\n")
    headers = {name.lower(): value for name, value in (line.split(": ", 1) for line in lines)}
    size = int(headers.get("content-length", 0))
    while len(peer.buffer) < size:
        peer.buffer += peer.socket.recv(65_536)
    body, peer.buffer = peer.buffer[:size], peer.buffer[size:]
    return int(first.split()[1]), headers, body


def ask(
    rude: Rude, method: str, path: str, *headers: tuple[str, str], body: bytes = b""
) -> tuple[int, dict[str, str], bytes]:
    with RawSocket(rude.on.address[1], timeout_s=PATIENCE_S) as peer:
        peer.send(request(rude, method, path, *headers, body=body))
        return answer(peer)


def code_of(headers: dict[str, str], body: bytes) -> str:
    assert headers["content-type"] == "application/problem+json"
    return str(json.loads(body)["code"])


def messages(rude: Rude) -> str:
    return f"/livechat/conversations/{rude.visitor.conversation_id}/messages"


def line(**fields: Any) -> bytes:
    return json.dumps({"id": str(uuid7()), "content": "x", **fields}).encode()


BODIES: dict[str, tuple[bytes, int, str]] = {
    "no JSON": (b"{", 400, "BAD_JSON"),
    "not a number": (b'{"content": NaN}', 400, "BAD_JSON"),
    "broken UTF-8": (b'{"content": "\xff"}', 400, "BAD_JSON"),
    "nested too deeply": (b'{"meta":' + b"[" * 500 + b"]" * 500 + b"}", 400, "BAD_JSON"),
    "a list": (b"[]", 422, "INVALID"),
    "nothing": (b"", 422, "INVALID"),
    "no content": (json.dumps({"id": str(uuid7())}).encode(), 422, "INVALID"),
    "a list for content": (line(content=["a"]), 422, "INVALID"),
    "an id that is no UUID": (line(id="7"), 422, "INVALID"),
    "an id that is no v7": (line(id="6fa459ea-ee8a-4ca4-894e-db77e160355e"), 422, "INVALID"),
    "a whole number over 64 bits": (line(meta={"n": 2**64}), 422, "INVALID"),
    "a NUL character": (line(content="a\0b"), 422, "INVALID"),
    "content of 16 KiB and a byte": (line(content="x" * 16_385), 413, "TOO_LARGE"),
    "a body over the limit": (line(content="x" * 80_000), 413, "TOO_LARGE"),
}


@pytest.mark.parametrize("name", BODIES)
def test_a_bad_body_has_its_problem_and_the_connection_serves_the_next(
    rude: Rude, name: str
) -> None:
    body, status, code = BODIES[name]
    with RawSocket(rude.on.address[1]) as peer:
        peer.send(request(rude, "POST", messages(rude), JSON_TYPE, body=body))
        got, headers, said = answer(peer)
        assert (got, code_of(headers, said)) == (status, code)
        if headers.get("connection") != "close":
            peer.send(request(rude, "GET", messages(rude)))
            assert answer(peer)[0] == 200


@pytest.mark.parametrize(
    ("method", "path", "status", "code"),
    [
        ("PUT", "{messages}", 405, "METHOD_NOT_ALLOWED"),
        ("DELETE", "{messages}", 405, "METHOD_NOT_ALLOWED"),
        ("GET", "/livechat/conversations/{unknown}", 404, "NOT_FOUND"),
        ("GET", "/livechat/conversations/7", 404, "NOT_FOUND"),
        ("GET", "/livechat/nothing", 404, "NOT_FOUND"),
        ("GET", "{messages}?limit=0", 422, "INVALID"),
        ("GET", "{messages}?after=1&after=2", 400, "INVALID"),
        ("GET", "{messages}?after=9223372036854775808", 422, "INVALID"),
    ],
)
def test_a_wrong_path_method_or_query_has_its_problem(
    rude: Rude, method: str, path: str, status: int, code: str
) -> None:
    where = path.format(messages=messages(rude), unknown=uuid7())
    got, headers, body = ask(rude, method, where)
    assert (got, code_of(headers, body)) == (status, code)


def test_a_method_nobody_knows_is_no_request(rude: Rude) -> None:
    assert ask(rude, "BREW", messages(rude))[0] == 400


def test_another_type_than_json_gets_415(rude: Rude) -> None:
    got, headers, body = ask(
        rude, "POST", messages(rude), ("Content-Type", "text/plain"), body=line()
    )
    assert (got, code_of(headers, body)) == (415, "UNSUPPORTED_MEDIA_TYPE")


def test_a_body_announced_too_large_is_refused_unread(rude: Rude) -> None:
    got, headers, body = ask(
        rude, "POST", messages(rude), JSON_TYPE, ("Content-Length", str(2**40))
    )
    assert (got, code_of(headers, body)) == (413, "TOO_LARGE")


def test_a_chunked_body_that_grows_too_large_is_refused(rude: Rude) -> None:
    with RawSocket(rude.on.address[1]) as peer:
        chunked = ("Transfer-Encoding", "chunked")
        peer.send(request(rude, "POST", messages(rude), JSON_TYPE, chunked))
        for _ in range(20):
            peer.send(b"1000\r\n" + b"x" * 4_096 + b"\r\n")
        got, headers, body = answer(peer)
    assert (got, code_of(headers, body)) == (413, "TOO_LARGE")


def test_a_good_chunked_body_is_read(rude: Rude) -> None:
    body, chunked = line(), ("Transfer-Encoding", "chunked")
    pieces = b"".join(b"1\r\n%c\r\n" % byte for byte in body) + b"0\r\n\r\n"
    assert ask(rude, "POST", messages(rude), JSON_TYPE, chunked, body=pieces)[0] == 201


SMUGGLED = b"GET /smuggled HTTP/1.1\r\nHost: chorus.test\r\n\r\n"


@pytest.mark.parametrize(
    ("headers", "body"),
    [
        pytest.param([("Transfer-Encoding", "chunked")], b"zz\r\nhello\r\n", id="no chunk size"),
        pytest.param(
            [("Transfer-Encoding", "chunked")], b"fffffffffffffffff\r\n", id="a size over 64 bits"
        ),
        pytest.param([("Content-Length", "2"), ("Content-Length", "3")], b"{}", id="two lengths"),
        pytest.param(
            [("Content-Length", "2"), ("Content-Length", "2")], b"{}", id="one length twice"
        ),
        pytest.param([("Content-Length", "-1")], b"", id="a length below zero"),
        pytest.param([("Content-Length", "2x")], b"{}", id="a length that is no number"),
        pytest.param(
            [("Content-Length", "5"), ("Transfer-Encoding", "chunked")],
            b"0\r\n\r\n" + SMUGGLED,
            id="length and chunked",
        ),
    ],
)
def test_a_body_whose_end_is_unclear_ends_the_connection(
    rude: Rude, headers: list[tuple[str, str]], body: bytes
) -> None:
    """One answer at most: what follows could be another's request."""
    with RawSocket(rude.on.address[1]) as peer:
        peer.send(request(rude, "POST", messages(rude), JSON_TYPE, *headers, body=body))
        whole = peer.read_until_eof()
    assert whole.startswith(b"HTTP/1.1 400 ")
    assert whole.count(b"HTTP/1.1 ") == 1


def test_a_body_that_never_comes_is_given_up(rude: Rude) -> None:
    got, headers, body = ask(
        rude, "POST", messages(rude), JSON_TYPE, ("Content-Length", "10"), body=b"{"
    )
    assert (got, code_of(headers, body)) == (408, "TIMEOUT")
