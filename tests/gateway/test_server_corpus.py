"""Replays tests/corpus/frames over real sockets: every case gives the answer written beside it."""

import json
import logging
import random
import socket
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from gateway.hardened import SocketLimits
from gateway.server import ServerSettings
from tests.support.echo_edge import EdgeThread, running_edge
from tests.support.raw_socket import BINARY, CLOSE, PONG, TEXT, RawSocket, Received, frame
from tests.support.waiting import wait_until

Case = dict[str, Any]
FOLDER = Path(__file__).parents[1] / "corpus" / "frames"
CASES: list[Case] = [
    case for file in sorted(FOLDER.glob("*.json")) for case in json.loads(file.read_text())
]
OPCODES = {"text": TEXT, "binary": BINARY, "pong": PONG}
MUTATED = 400


@pytest.fixture(scope="module")
def edge() -> Iterator[EdgeThread]:
    limits = SocketLimits(linger_s=0.5, discard_s=0.5)
    with running_edge(ServerSettings(limits=limits)) as edge:
        yield edge


@pytest.fixture(autouse=True)
def no_errors_logged(edge: EdgeThread, caplog: pytest.LogCaptureFixture) -> Iterator[None]:
    yield
    wait_until(lambda: edge.tasks() == 0)
    assert [
        record.getMessage() for record in caplog.records if record.levelno >= logging.ERROR
    ] == []


def test_the_corpus_is_as_large_as_promised() -> None:
    assert len(CASES) >= 150
    assert len({case["id"] for case in CASES}) == len(CASES)


@pytest.mark.parametrize("case", CASES, ids=lambda case: case["id"])
def test_a_frame_gets_the_answer_of_the_corpus(edge: EdgeThread, case: Case) -> None:
    with RawSocket(edge.port).upgrade() as peer:
        peer.send(unpacked(case["bytes"]))
        expected = case["expect"][-1]
        if "close" in expected:
            assert peer.close_code() == expected["close"]
        elif "eof" in expected:
            peer.socket.shutdown(socket.SHUT_WR)
            assert peer.receive_all() == []
        else:
            assert [peer.receive() for _ in case["expect"]] == [
                received(one) for one in case["expect"]
            ]
            peer.send(frame(CLOSE, b"\x03\xe8"))
            assert peer.receive_all() == [Received(CLOSE, b"\x03\xe8")]


@pytest.mark.parametrize("seed", range(4))
def test_mutated_frames_end_in_a_known_close_and_harm_nobody_else(
    edge: EdgeThread, seed: int
) -> None:
    rng = random.Random(seed)
    with RawSocket(edge.port).upgrade() as neighbour:
        for _ in range(MUTATED // 4):
            sent = mutated(unpacked(rng.choice(CASES)["bytes"]), rng)
            assert ending(edge.port, sent) in {None, 1000, 1002, 1007, 1008, 1009}, sent.hex()
        neighbour.send(frame(TEXT, b"still here"))
        assert neighbour.receive() == Received(TEXT, b"still here")


def unpacked(packed: str) -> bytes:
    """Read hex words; `aabb*3` is a word three times."""
    words = [word.partition("*") for word in packed.split()]
    return b"".join(bytes.fromhex(unit) * int(times or 1) for unit, _, times in words)


def received(expected: dict[str, str]) -> Received:
    [(kind, payload)] = expected.items()
    return Received(OPCODES[kind], unpacked(payload))


def ending(port: int, sent: bytes) -> int | None:
    """The close code of a peer that sends this and half-closes; valid codes a peer may choose count as 1000."""
    with RawSocket(port).upgrade() as peer:
        peer.send(sent)
        peer.socket.shutdown(socket.SHUT_WR)
        code = peer.close_code()
    return 1000 if code in (1001, 1003, *range(1010, 1015), *range(3000, 5000)) else code


def mutated(good: bytes, rng: random.Random) -> bytes:
    data = bytearray(good[:5_000] or b"\x81\x80")
    for _ in range(rng.randint(1, 4)):
        at = rng.randrange(len(data))
        match rng.randrange(4):
            case 0:
                data[at] ^= 1 << rng.randrange(8)
            case 1:
                data[at : at + rng.randint(1, 4)] = b"\xff"
            case 2:
                data[at:at] = rng.randbytes(rng.randint(1, 8))
            case _:
                data += data[at : at + 64]
    return bytes(data)
