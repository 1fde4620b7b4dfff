"""Starting, listening and ending: nothing closes before the drain, and the second signal means now."""

import asyncio
import logging
import signal
import socket

import pytest
from structlog.testing import capture_logs

from gateway.hardened import SocketLimits
from gateway.server import (
    AddressTaken,
    CannotListen,
    Drain,
    ServerSettings,
    edge_server,
    listening_socket,
    pin_loggers,
)
from tests.support.echo_edge import EchoApp, edge_process, running_edge
from tests.support.raw_socket import CLOSE, TEXT, RawSocket, Received, frame
from tests.support.waiting import wait_until

pytestmark = pytest.mark.anyio


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_drains_first_and_closes_afterwards(number: signal.Signals) -> None:
    with edge_process() as edge, RawSocket(edge.port).upgrade() as peer:
        edge.process.send_signal(number)
        assert edge.line() == {"draining": True}
        peer.send(frame(TEXT, b"still served"))
        assert peer.receive() == Received(TEXT, b"still served")
        with pytest.raises(ConnectionRefusedError):
            RawSocket(edge.port)
        edge.finish_drain()
        assert peer.receive() == Received(CLOSE, b"\x03\xf4")
        assert peer.receive() is None
        assert edge.line() == {"ended": True}
        assert edge.process.wait(10) == 0


def test_the_death_of_a_vital_task_drains_and_ends_the_process_with_an_error() -> None:
    with edge_process() as edge, RawSocket(edge.port).upgrade(b"/doom") as peer:
        assert edge.line() == {"draining": True}
        peer.send(frame(TEXT, b"still served"))
        assert peer.receive() == Received(TEXT, b"still served")
        edge.finish_drain()
        assert peer.receive() == Received(CLOSE, b"\x03\xf4")
        assert edge.process.wait(10) == 1
        assert edge.process.stderr is not None
        assert "met its doom" in edge.process.stderr.read()


def test_a_second_signal_cuts_the_drain_short() -> None:
    with edge_process() as edge, RawSocket(edge.port).upgrade() as peer:
        edge.process.send_signal(signal.SIGTERM)
        assert edge.line() == {"draining": True}
        edge.process.send_signal(signal.SIGTERM)
        assert peer.close_code() == 1012
        assert edge.line() == {"ended": True}


def test_the_end_of_the_server_runs_the_drain_once() -> None:
    with running_edge() as edge:
        assert edge.drained == 0
    assert edge.drained == 1


def test_a_stalled_reader_does_not_hold_up_the_end() -> None:
    settings = ServerSettings(shutdown_max_s=1, limits=SocketLimits(linger_s=0.2))
    with running_edge(settings) as edge, RawSocket(edge.port, receive_buffer_bytes=4_096) as peer:
        peer.upgrade(b"/flood")
        wait_until(lambda: edge.app.transports[-1].paused)
        edge.stop()
        assert not edge.thread.is_alive()


async def start_and_stop(on_drain: Drain, drain_max_s: float = 35.0) -> None:
    server = edge_server(
        EchoApp(), on_drain=on_drain, settings=ServerSettings(drain_max_s=drain_max_s)
    )
    server.stop()
    await asyncio.wait_for(server.serve([listening_socket("127.0.0.1", 0)]), 20)


async def test_a_drain_that_fails_is_logged_and_the_server_ends() -> None:
    async def fail() -> None:
        raise RuntimeError("the drain broke")

    with capture_logs() as logged:
        await start_and_stop(fail)
    assert [(entry["event"], str(entry["exc_info"])) for entry in logged] == [
        ("drain_failed", "the drain broke")
    ]


async def test_a_drain_without_end_is_cancelled() -> None:
    cancelled = asyncio.Event()

    async def hang() -> None:
        try:
            await asyncio.Event().wait()
        finally:
            cancelled.set()

    with capture_logs() as logged:
        await start_and_stop(hang, drain_max_s=0.05)
    assert cancelled.is_set()
    assert [(entry["event"], entry["reason"]) for entry in logged] == [
        ("drain_cut_short", "out_of_time")
    ]


def test_a_peer_that_is_just_leaving_does_not_disturb_the_end() -> None:
    settings = ServerSettings(shutdown_max_s=1)
    with running_edge(settings) as edge, RawSocket(edge.port, receive_buffer_bytes=4_096) as peer:
        peer.upgrade(b"/flood")
        wait_until(lambda: edge.app.transports[-1].paused)
        peer.send(frame(CLOSE, b"\x03\xe8"))
        edge.stop()
        assert not edge.thread.is_alive()


def test_a_taken_address_is_named() -> None:
    with listening_socket("127.0.0.1", 0) as first:
        port = first.getsockname()[1]
        with pytest.raises(AddressTaken, match=f"127.0.0.1:{port}"):
            listening_socket("127.0.0.1", port)


@pytest.mark.parametrize("host", ["192.0.2.1", "no such host", "999.1.1.1"])
def test_an_address_that_is_not_ours_is_named(host: str) -> None:
    with pytest.raises(CannotListen, match=host) as caught:
        listening_socket(host, 8_000)
    assert not isinstance(caught.value, AddressTaken)


def test_a_port_that_is_none_is_named() -> None:
    with pytest.raises(CannotListen, match="70000"):
        listening_socket("127.0.0.1", 70_000)


def test_two_workers_may_share_a_port_when_both_ask() -> None:
    with listening_socket("127.0.0.1", 0, reuse_port=True) as first:
        listening_socket("127.0.0.1", first.getsockname()[1], reuse_port=True).close()


def test_an_ipv6_address_is_listened_on() -> None:
    with (
        listening_socket("::1", 0) as listener,
        socket.create_connection(("::1", listener.getsockname()[1]), 5),
    ):
        assert listener.family == socket.AF_INET6


def test_accepted_sockets_inherit_the_options() -> None:
    with listening_socket("127.0.0.1", 0) as listener:
        listener.setblocking(True)
        with socket.create_connection(listener.getsockname(), 5), listener.accept()[0] as accepted:
            # Linux doubles the size for its own bookkeeping.
            assert accepted.getsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF) == 2 * 65_536
            assert accepted.getsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY) == 1
            assert accepted.getsockopt(socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT) == 40_000


def test_the_libraries_never_log_below_info() -> None:
    chatty = logging.getLogger("websockets.server")
    chatty.setLevel(logging.DEBUG)
    quiet = logging.getLogger("uvicorn.error")
    quiet.setLevel(logging.WARNING)
    pin_loggers()
    assert not chatty.isEnabledFor(logging.DEBUG)
    assert quiet.level == logging.WARNING
