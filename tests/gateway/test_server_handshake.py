"""What a client sends before it has a socket, and the plain answer it gets."""

import gc
import logging
from collections.abc import Iterator

import pytest

from gateway.hardened import BoundedServer, HardenedWebSocket, SocketLimits
from gateway.hardened_http import HardenedHttp
from gateway.server import ServerSettings
from tests.support.echo_edge import EdgeThread, running_edge
from tests.support.raw_socket import KEY, TEXT, RawSocket, Received, frame, upgrade_request
from tests.support.waiting import wait_until

TOKEN = b"eyJhbGciOiJFZERTQSJ9.c2VjcmV0.c2lnbmF0dXJl"


@pytest.fixture(scope="module")
def edge() -> Iterator[EdgeThread]:
    limits = SocketLimits(head_s=0.6, linger_s=0.5, discard_s=0.5)
    with running_edge(ServerSettings(limits=limits)) as edge:
        yield edge


def answer(edge: EdgeThread, sent: bytes) -> tuple[int, bytes]:
    """Status and the whole answer of a request the server then closes on."""
    with RawSocket(edge.port) as peer:
        peer.send(sent)
        whole = peer.read_until_eof()
        return int(whole.split()[1]), whole


VERSION = b"Sec-WebSocket-Version"
BAD_UPGRADES: dict[str, tuple[int, bytes]] = {
    "a line of 9,000 bytes": (431, upgrade_request(extra=[(b"X-Long", b"x" * 9_000)])),
    "a line of 200,000 bytes": (431, upgrade_request(extra=[(b"X-Long", b"x" * 200_000)])),
    "200,000 bytes without a line end": (431, b"GET /echo HTTP/1.1\r\nX-Long: " + b"x" * 200_000),
    "a token of 8,192 bytes": (
        431,
        upgrade_request(extra=[(b"Sec-WebSocket-Protocol", b"chorus.bearer." + b"x" * 8_192)]),
    ),
    "129 headers": (431, upgrade_request(extra=[(b"X-%d" % n, b"x") for n in range(124)])),
    "5,000 headers": (431, upgrade_request(extra=[(b"X-%d" % n, b"x") for n in range(5_000)])),
    "17 KiB of headers": (
        431,
        upgrade_request(extra=[(b"X-%d" % n, b"x" * 3_000) for n in range(6)]),
    ),
    "a path of 9,000 bytes": (414, upgrade_request(b"/" + b"x" * 9_000)),
    "a path of 200,000 bytes": (414, upgrade_request(b"/" + b"x" * 200_000)),
    "a path as long as a line": (414, upgrade_request(b"/" + b"x" * 8_189)),
    "two Origins": (400, upgrade_request(extra=[(b"Origin", b"a"), (b"Origin", TOKEN)])),
    "a DEL in a header": (400, upgrade_request(extra=[(b"X-A", b"b\x7fc")])),
    "a path that is not ASCII": (400, upgrade_request("/é".encode())),
    "a path of broken bytes": (400, upgrade_request(b"/\xff\xfe")),
    "a body with a length": (400, upgrade_request(extra=[(b"Content-Length", b"5")]) + b"hello"),
    "a body announced only": (400, upgrade_request(extra=[(b"Content-Length", b"5")])),
    "a chunked body": (
        400,
        upgrade_request(extra=[(b"Transfer-Encoding", b"chunked")]) + b"5\r\nhello\r\n0\r\n\r\n",
    ),
    "length and chunked": (
        400,
        upgrade_request(extra=[(b"Content-Length", b"5"), (b"Transfer-Encoding", b"chunked")]),
    ),
    "two Hosts": (400, upgrade_request(extra=[(b"Host", b"other.test")])),
    "no Host": (400, upgrade_request(without=[b"Host"])),
    "HTTP/1.0": (400, upgrade_request().replace(b"HTTP/1.1", b"HTTP/1.0")),
    "HTTP/2.0": (400, upgrade_request().replace(b"HTTP/1.1", b"HTTP/2.0")),
    "POST": (405, upgrade_request().replace(b"GET", b"POST")),
    "no version": (426, upgrade_request(without=[VERSION])),
    "version 8": (426, upgrade_request(without=[VERSION], extra=[(VERSION, b"8")])),
    "two versions": (426, upgrade_request(extra=[(VERSION, b"13")])),
    "no key": (400, upgrade_request(without=[b"Sec-WebSocket-Key"])),
    "an empty key": (400, upgrade_request().replace(KEY, b"")),
    "a short key": (400, upgrade_request().replace(KEY, b"c2hvcnQ=")),
    "a key that is no base64": (400, upgrade_request().replace(KEY, b"*" * 24)),
    "two keys": (400, upgrade_request(extra=[(b"Sec-WebSocket-Key", KEY)])),
    "a subprotocol with a space": (
        400,
        upgrade_request(extra=[(b"Sec-WebSocket-Protocol", b"chorus.v1, a " + TOKEN)]),
    ),
    "a subprotocol that is not ASCII": (
        400,
        upgrade_request(extra=[(b"Sec-WebSocket-Protocol", b"\xc3\xa9" + TOKEN)]),
    ),
    "a bad extension list": (101, upgrade_request(extra=[(b"Sec-WebSocket-Extensions", b";;;")])),
    "frames before the answer": (400, upgrade_request() + frame(TEXT, b"early")),
    "a header without a colon": (400, upgrade_request().replace(b"Upgrade: ", b"Upgrade ")),
    "a folded header": (400, upgrade_request(extra=[(b"X-A", b"b\r\n c")])),
    "a NUL in a header": (400, upgrade_request(extra=[(b"X-A", b"b\0c")])),
    "a bare CR in a header": (400, upgrade_request(extra=[(b"X-A", b"b\rc")])),
    "CONNECT": (400, b"CONNECT chorus.test:80 HTTP/1.1\r\nHost: chorus.test\r\n\r\n"),
    "TLS": (400, bytes.fromhex("1603010200010001fc0303") + b"\0" * 100),
    "another protocol": (400, b"SSH-2.0-OpenSSH_9.2\r\n"),
}
REFUSED = {name: case for name, case in BAD_UPGRADES.items() if case[0] != 101}


@pytest.mark.parametrize("name", REFUSED)
def test_a_bad_handshake_is_answered_and_closed(edge: EdgeThread, name: str) -> None:
    status, sent = REFUSED[name]
    assert answer(edge, sent)[0] == status


@pytest.mark.parametrize(
    "headers",
    [b"X-Long: " + b"x" * 9_000 + b"\r\n", b"".join(b"X-%d: x\r\n" % n for n in range(128))],
    ids=["a line of 9,000 bytes", "129 headers"],
)
def test_a_plain_request_has_the_same_limits(edge: EdgeThread, headers: bytes) -> None:
    assert answer(edge, b"GET / HTTP/1.1\r\nHost: x\r\n" + headers + b"\r\n")[0] == 431


def test_a_refused_version_names_the_right_one(edge: EdgeThread) -> None:
    assert b"sec-websocket-version: 13" in answer(edge, REFUSED["version 8"][1])[1].lower()


@pytest.mark.parametrize("name", [name for name in REFUSED if "subprotocol" in name])
def test_a_refused_token_is_neither_echoed_nor_logged(
    edge: EdgeThread, name: str, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.DEBUG):
        whole = answer(edge, REFUSED[name][1])[1]
    assert TOKEN not in whole
    assert TOKEN.decode() not in caplog.text


def test_an_accepted_token_is_neither_echoed_nor_logged(
    edge: EdgeThread, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.DEBUG), RawSocket(edge.port) as peer:
        offer = (b"Sec-WebSocket-Protocol", b"chorus.v1, chorus.bearer." + TOKEN)
        peer.send(upgrade_request(b"/echo?token=" + TOKEN, extra=[offer]))
        head = peer.head()
        peer.send(frame(TEXT, TOKEN))
        assert peer.receive() == Received(TEXT, TOKEN)
    assert b" 101 " in head and TOKEN not in head
    assert TOKEN.decode() not in caplog.text


def test_compression_is_never_negotiated(edge: EdgeThread) -> None:
    with RawSocket(edge.port) as peer:
        peer.send(
            upgrade_request(
                extra=[(b"Sec-WebSocket-Extensions", b"permessage-deflate; client_max_window_bits")]
            )
        )
        assert b"extensions" not in peer.head().lower()


def test_no_answer_names_the_server_software(edge: EdgeThread) -> None:
    with RawSocket(edge.port) as peer:
        peer.send(upgrade_request())
        assert b"server:" not in peer.head().lower()
    assert b"server:" not in answer(edge, REFUSED["two Hosts"][1])[1].lower()


def test_the_upgrade_may_stand_in_any_of_several_connection_lines(edge: EdgeThread) -> None:
    with RawSocket(edge.port) as peer:
        peer.send(upgrade_request(extra=[(b"Connection", b"keep-alive")]))
        assert peer.status() == 101


def test_a_handshake_just_inside_every_limit_is_accepted(edge: EdgeThread) -> None:
    with RawSocket(edge.port) as peer:
        peer.send(
            upgrade_request(
                extra=[(b"X-Long", b"x" * 8_000), *((b"X-%d" % n, b"x") for n in range(122))]
            )
        )
        assert peer.status() == 101


def test_a_handshake_in_single_bytes_is_accepted(edge: EdgeThread) -> None:
    with RawSocket(edge.port) as peer:
        for byte in upgrade_request():
            peer.send(bytes([byte]))
        assert peer.status() == 101


@pytest.mark.parametrize(
    "begun", [b"GET /echo HT", b"GET /echo HTTP/1.1\r\nHost: x\r\n", upgrade_request()[:-2]]
)
def test_headers_that_are_never_finished_are_answered_408(edge: EdgeThread, begun: bytes) -> None:
    assert answer(edge, begun)[0] == 408


def test_headers_that_drip_do_not_move_the_deadline(edge: EdgeThread) -> None:
    with RawSocket(edge.port, timeout_s=0.02) as peer:
        peer.send(b"GET /echo HTTP/1.1\r\nHost: x\r\n")
        whole = drip(peer, b"X-A: b\r\n", times=200)
    assert whole.startswith(b"HTTP/1.1 408 ")


@pytest.mark.parametrize("noise", [b"", b"\r\n"])
def test_a_connection_that_never_asks_anything_is_closed(edge: EdgeThread, noise: bytes) -> None:
    with RawSocket(edge.port, timeout_s=0.02) as peer:
        assert drip(peer, noise, times=200) == b""


def test_empty_lines_do_not_keep_a_used_connection_open(edge: EdgeThread) -> None:
    with RawSocket(edge.port, timeout_s=0.02) as peer:
        peer.send(b"GET / HTTP/1.1\r\nHost: x\r\n\r\n")
        assert drip(peer, b"\r\n", times=200).startswith(b"HTTP/1.1 200 ")


def drip(peer: RawSocket, noise: bytes, *, times: int) -> bytes:
    """Send `noise` whenever nothing comes, until the server closes; all that came."""
    came = b""
    for _ in range(times):
        try:
            peer.send(noise)
            return came + peer.read_until_eof()
        except TimeoutError:
            came, peer.buffer = came + peer.buffer, b""
        except (BrokenPipeError, ConnectionResetError):
            return came
    raise AssertionError("still open")


def test_a_second_request_of_a_kept_connection_is_answered(edge: EdgeThread) -> None:
    with RawSocket(edge.port) as peer:
        for _ in range(2):
            peer.send(
                b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 20000\r\n\r\n" + b"x" * 20_000
            )
            assert peer.status() == 200
            peer.buffer = b""


def test_a_large_body_before_a_pipelined_request_is_not_taken_for_headers(edge: EdgeThread) -> None:
    first = b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 60000\r\n\r\n" + b"x" * 60_000
    with RawSocket(edge.port) as peer:
        peer.send(first + b"GET / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n")
        peer.send(b"\r\n")
        assert peer.read_until_eof().count(b"HTTP/1.1 200 OK") == 2


@pytest.mark.parametrize(
    ("name", "sent"),
    [
        ("trailers without end", b"0\r\n" + b"".join(b"X-%d: y\r\n" % n for n in range(3_000))),
        ("one trailer without end", b"0\r\nX-A: " + b"y" * 300_000),
        ("a chunk extension without end", b"5;" + b"y" * 300_000),
    ],
)
def test_a_body_whose_edges_never_end_is_refused(edge: EdgeThread, name: str, sent: bytes) -> None:
    with RawSocket(edge.port) as peer:
        peer.send(b"POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n")
        for start in range(0, len(sent), 10_000):
            try:
                peer.send(sent[start : start + 10_000])
            except (BrokenPipeError, ConnectionResetError):
                break
        assert peer.status() in (0, 400, 431)


def test_thousands_of_pipelined_requests_are_not_queued(edge: EdgeThread) -> None:
    with RawSocket(edge.port) as peer:
        peer.send(b"GET / HTTP/1.1\r\nHost: x\r\n\r\n" * 5_000)
        assert peer.read_until_eof().count(b" 200 OK") <= 17


def test_an_upgrade_to_something_else_gets_a_plain_answer_and_the_end(edge: EdgeThread) -> None:
    status, whole = answer(
        edge, b"GET / HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: h2c\r\n\r\n"
    )
    assert status == 200 and b"connection: close" in whole


ENDINGS = {
    "a close": frame(8, b"\x03\xe8"),
    "a bad opcode": frame(3),
    "bad UTF-8": frame(TEXT, b"\xff"),
    "nothing": b"",
}


@pytest.mark.parametrize("ending", ENDINGS)
def test_a_closed_socket_is_freed_without_the_garbage_collector(
    edge: EdgeThread, ending: str
) -> None:
    wait_until(lambda: edge.connections() == 0)
    edge.app.transports.clear()
    gc.collect()
    # What is frozen is not looked at: a worker that ran thousands of tests holds millions of objects.
    gc.freeze()
    gc.disable()
    try:
        before = living()
        with RawSocket(edge.port).upgrade() as peer:
            peer.send(frame(TEXT, b"hi"))
            assert peer.receive() == Received(TEXT, b"hi")
            assert living() == before + 2
            peer.send(ENDINGS[ending])
            if ending != "nothing":
                peer.receive_all()
        edge.app.transports.clear()
        wait_until(lambda: living() == before)
    finally:
        gc.enable()
        gc.unfreeze()


def living() -> int:
    """Count the objects of a socket that the collector knows: both protocols and the parser."""
    kinds = (HardenedHttp, HardenedWebSocket, BoundedServer)
    return sum(isinstance(one, kinds) for one in gc.get_objects())
