"""Peers that send too much, read nothing, or never go away: memory stays flat and they are gone."""

import contextlib
import socket
from collections.abc import Iterator
from pathlib import Path

import pytest

from gateway.hardened import SocketLimits, text_frame
from gateway.server import ServerSettings
from tests.support.echo_edge import EdgeProcess, EdgeThread, edge_process, running_edge
from tests.support.raw_socket import (
    BINARY,
    CLOSE,
    PING,
    PONG,
    TEXT,
    RawSocket,
    Received,
    frame,
    upgrade_request,
)
from tests.support.waiting import wait_until

MIB = 1_048_576
ATTACKERS = 32


@pytest.fixture(scope="module")
def process() -> Iterator[EdgeProcess]:
    with edge_process() as process:
        # Warm it up, so that growth is the attack's and not that of first use.
        with RawSocket(process.port).upgrade() as peer:
            peer.send(frame(TEXT, b"x" * 60_000))
            assert peer.receive() is not None
        yield process


@pytest.fixture(scope="module")
def edge() -> Iterator[EdgeThread]:
    limits = SocketLimits(linger_s=0.5, discard_s=0.5)
    with running_edge(ServerSettings(limits=limits)) as edge:
        yield edge


def push(peer: RawSocket, piece: bytes, *, most_bytes: int) -> int:
    """Send until the server has gone, takes no more for a moment, or `most_bytes` are out."""
    sent = 0
    peer.socket.settimeout(0.3)
    with contextlib.suppress(TimeoutError, BrokenPipeError, ConnectionResetError):
        while sent < most_bytes:
            sent += peer.socket.send(piece)
    peer.socket.settimeout(10)
    return sent


FLOODS: dict[str, tuple[bytes, int | None]] = {
    "pings": (frame(PING, b"p" * 125) * 500, 1008),
    "pongs": (frame(PONG, b"p" * 125) * 500, 1008),
    "empty fragments": (frame(TEXT, b"", fin=False) + frame(0, b"", fin=False) * 10_000, 1008),
    "frames of 2^62 bytes": (bytes.fromhex("81ff4000000000000000") + b"x" * 65_000, 1009),
    "rubbish": (b"\xff" * 65_536, 1002),
}


@pytest.mark.parametrize("name", FLOODS)
def test_a_flood_that_is_never_read_is_closed_and_memory_stays_flat(
    process: EdgeProcess, name: str
) -> None:
    piece, code = FLOODS[name]
    before = process.rss_bytes()
    with RawSocket(process.port).upgrade() as peer:
        sent = push(peer, piece, most_bytes=48 * MIB)
        grown = process.rss_bytes() - before
        assert peer.close_code() == code
    assert sent > MIB
    assert grown < 16 * MIB


@pytest.mark.parametrize("payload", [b"", b"x" * 100])
def test_messages_the_application_has_no_room_for_wait_outside(
    process: EdgeProcess, payload: bytes
) -> None:
    before = process.rss_bytes()
    with contextlib.ExitStack() as stack:
        peers = [stack.enter_context(RawSocket(process.port).upgrade()) for _ in range(ATTACKERS)]
        for peer in peers:
            peer.socket.setblocking(False)
            with contextlib.suppress(BlockingIOError):
                for _ in range(20):
                    peer.socket.send(frame(TEXT, payload) * 10_000)
        # A neighbour's answer shows that the server has had its turn with each of them.
        with RawSocket(process.port).upgrade() as neighbour:
            neighbour.send(frame(TEXT, b"hello"))
            assert neighbour.receive() == Received(TEXT, b"hello")
        assert process.rss_bytes() - before < 16 * MIB


def kernel_bytes(port: int) -> int:
    """Unacknowledged and unsent bytes the kernel holds for the server's side of all its connections."""
    rows = [line.split() for line in Path("/proc/net/tcp").read_text().splitlines()[1:]]
    ours = [row for row in rows if int(row[1].partition(":")[2], 16) == port]
    return sum(int(row[4].partition(":")[0], 16) for row in ours)


def test_readers_that_stall_hide_little_in_the_process_and_in_the_kernel(edge: EdgeThread) -> None:
    with contextlib.ExitStack() as stack:
        for _ in range(10):
            peer = stack.enter_context(RawSocket(edge.port, receive_buffer_bytes=4_096))
            peer.upgrade(b"/flood")
        stalled = edge.app.transports[-10:]
        wait_until(lambda: len(stalled) == 10 and all(one.paused for one in stalled))
        assert all(one.buffered_bytes < 200_000 for one in stalled)
        assert 0 < kernel_bytes(edge.port) < 10 * 200 * 1024
        for one in stalled:
            edge.call(one.abort)
    wait_until(lambda: edge.connections() == 0)
    assert edge.app.left[-10:] == [1006] * 10


def test_a_broadcast_to_a_stalled_reader_ends_at_the_cap(edge: EdgeThread) -> None:
    with RawSocket(edge.port, receive_buffer_bytes=4_096) as peer:
        peer.upgrade(b"/broadcast")
        wait_until(lambda: edge.connections() == 0)
        whole = peer.read_until_eof()
    assert len(whole) < 2 * MIB


def test_a_peer_that_reads_nothing_after_the_goodbye_is_dropped(edge: EdgeThread) -> None:
    with RawSocket(edge.port, receive_buffer_bytes=4_096) as peer:
        peer.upgrade(b"/leave")
        wait_until(lambda: edge.connections() == 0)


def test_a_peer_that_never_answers_a_close_is_dropped(edge: EdgeThread) -> None:
    with RawSocket(edge.port).upgrade(b"/chat") as peer:
        peer.send(frame(BINARY, b"\x00"))
        assert peer.receive() == Received(CLOSE, b"\x03\xeb")
        wait_until(lambda: edge.connections() == 0)


def test_a_bad_frame_in_place_of_the_answer_to_a_close_ends_it(edge: EdgeThread) -> None:
    with RawSocket(edge.port).upgrade(b"/chat") as peer:
        peer.send(frame(BINARY, b"\x00"))
        assert peer.receive() == Received(CLOSE, b"\x03\xeb")
        peer.send(frame(3))
        assert peer.receive() is None


def test_an_answer_nobody_reads_is_dropped_by_the_kernel() -> None:
    with (
        running_edge(unread_s=0.5) as edge,
        RawSocket(edge.port, receive_buffer_bytes=4_096) as peer,
    ):
        peer.send(b"GET /large HTTP/1.1\r\nHost: x\r\n\r\n")
        assert peer.status() == 200
        wait_until(lambda: edge.connections() == 0)


def test_a_binary_frame_reaches_the_application_which_closes_1003(edge: EdgeThread) -> None:
    with RawSocket(edge.port).upgrade(b"/chat") as peer:
        peer.send(frame(BINARY, b"\x00\xff"))
        assert peer.receive() == Received(CLOSE, b"\x03\xeb")
        peer.send(frame(CLOSE, b"\x03\xeb"))
        assert peer.receive() is None


def test_what_was_whole_before_a_bad_frame_reaches_the_application(edge: EdgeThread) -> None:
    before = edge.app.received
    with RawSocket(edge.port).upgrade(b"/sink") as peer:
        peer.send(frame(TEXT, b"one") + frame(TEXT, b"two") + frame(3))
        assert peer.close_code() == 1002
    wait_until(lambda: edge.connections() == 0)
    assert edge.app.received == before + 2
    assert edge.app.left[-1] == 1002


def test_the_answer_to_a_close_is_found_behind_unread_messages() -> None:
    # No deadline ends the wait here, so the end of the stream is the answer's doing.
    settings = ServerSettings(shutdown_max_s=1, limits=SocketLimits(linger_s=3_600))
    late = frame(TEXT, b"late" * 1_000) * 5
    with running_edge(settings) as edge, RawSocket(edge.port).upgrade(b"/chat") as peer:
        peer.send(frame(BINARY, b"x") + late + frame(CLOSE, b"\x03\xeb"))
        assert peer.close_code() == 1003


def test_a_long_burst_of_messages_is_echoed_whole_and_in_order(edge: EdgeThread) -> None:
    texts = [b"%d" % number * 50 for number in range(2_000)]
    with RawSocket(edge.port).upgrade() as peer:
        peer.send(b"".join(frame(TEXT, text) for text in texts))
        assert [peer.receive() for _ in texts] == [Received(TEXT, text) for text in texts]


def test_a_broadcast_frame_arrives_as_text_between_other_messages(edge: EdgeThread) -> None:
    with RawSocket(edge.port).upgrade() as peer:
        peer.send(frame(TEXT, b"hi"))
        assert peer.receive() == Received(TEXT, b"hi")
        transport = edge.app.transports[-1]
        for size in (0, 125, 126, 65_535, 65_536):
            edge.call(lambda size=size: transport.send_text_frame(text_frame(b"b" * size)))  # type: ignore[misc]
            assert peer.receive() == Received(TEXT, b"b" * size)


def test_a_broadcast_frame_is_ignored_by_a_socket_that_is_closing_or_gone(edge: EdgeThread) -> None:
    with RawSocket(edge.port).upgrade(b"/chat") as peer:
        peer.send(frame(BINARY, b"x"))
        assert peer.receive() == Received(CLOSE, b"\x03\xeb")
        transport = edge.app.transports[-1]
        edge.call(lambda: transport.send_text_frame(text_frame(b"late")))
        peer.send(frame(CLOSE, b"\x03\xeb"))
        assert peer.receive_all() == []
    wait_until(lambda: edge.connections() == 0)
    edge.call(lambda: transport.send_text_frame(text_frame(b"later")))
    edge.call(transport.abort)
    assert transport.buffered_bytes == 0


def test_frames_before_the_accept_are_answered_after_it(edge: EdgeThread) -> None:
    with RawSocket(edge.port) as peer:
        peer.send(upgrade_request(b"/slow"))
        wait_until(lambda: edge.app.waiting == 1)
        peer.send(frame(PING, b"early"))
        edge.call(edge.app.gate.set)
        assert peer.status() == 101
        assert peer.receive() == Received(PONG, b"early")


def test_a_half_open_peer_that_resets_is_forgotten(edge: EdgeThread) -> None:
    with RawSocket(edge.port).upgrade() as peer:
        peer.socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\x01\0\0\0\0\0\0\0")
    wait_until(lambda: edge.connections() == 0)
