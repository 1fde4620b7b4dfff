"""Golden frames: models read the bytes that TypeScript reads, and write the same frame again."""

from typing import Any
from uuid import UUID

import orjson
import pytest

from chorus.wire.client import CLIENT_FRAMES
from chorus.wire.envelope import Received, decode, decode_server, dump, encode
from chorus.wire.server import SERVER_FRAMES
from tests.support import golden

CLIENT = golden.read("client")
SERVER = golden.read("server")


def named(example: golden.Example) -> str:
    return str(example["name"])


def written_again(example: golden.Example) -> dict[str, Any]:
    """What the server writes for the frame it read."""
    frame, envelope = decode_server(golden.as_bytes(example))
    conv = envelope.get("conv")
    again = encode(
        frame,
        seq=envelope.get("seq"),
        ref=envelope.get("ref"),
        conv=UUID(conv) if conv else None,
    )
    written: dict[str, Any] = orjson.loads(again)
    return written


def read_data(example: golden.Example) -> dict[str, Any]:
    """What the model of a client frame keeps of its data."""
    received = decode(golden.as_bytes(example))
    assert isinstance(received, Received), received
    return received.frame.model_dump(mode="json", exclude_unset=True)


@pytest.mark.parametrize("example", CLIENT, ids=named)
def test_a_client_frame_is_read_whole(example: golden.Example) -> None:
    envelope = example["frame"]
    received = decode(golden.as_bytes(example))
    assert isinstance(received, Received), received
    assert received.frame.event == envelope["event"]
    assert received.ref == envelope.get("ref")
    assert (str(received.conv) if received.conv else None) == envelope.get("conv")
    ignored = set(example.get("ignored", []))
    kept = {key: value for key, value in envelope["data"].items() if key not in ignored}
    assert read_data(example) == kept


@pytest.mark.parametrize("example", SERVER, ids=named)
def test_a_server_frame_is_written_as_it_was_read(example: golden.Example) -> None:
    assert written_again(example) == example["frame"]


@pytest.mark.parametrize("example", SERVER, ids=named)
def test_a_sequenced_frame_is_durable_or_answers_its_sender(example: golden.Example) -> None:
    event, seq = example["frame"]["event"], example["frame"].get("seq")
    if SERVER_FRAMES[event].durable:
        assert isinstance(seq, int), f"`{event}` is durable and needs a seq"
    elif seq is not None:
        assert event == "delivered"


@pytest.mark.parametrize(
    ("examples", "frames"),
    [(CLIENT, CLIENT_FRAMES), (SERVER, SERVER_FRAMES)],
    ids=["client", "server"],
)
def test_every_frame_has_an_example(
    examples: list[golden.Example], frames: dict[str, type[Any]]
) -> None:
    assert {one["frame"]["event"] for one in examples} == set(frames)


@pytest.mark.parametrize(
    ("examples", "frames"),
    [(CLIENT, CLIENT_FRAMES), (SERVER, SERVER_FRAMES)],
    ids=["client", "server"],
)
def test_every_field_of_every_frame_is_seen_once(
    examples: list[golden.Example], frames: dict[str, type[Any]]
) -> None:
    for event, model in frames.items():
        datas = (one["frame"]["data"] for one in examples if one["frame"]["event"] == event)
        seen = set().union(*datas)
        assert set(model.model_fields) <= seen, f"`{event}`: some field is in no example"


@pytest.mark.parametrize("direction", ["client", "server"])
def test_names_are_unique(direction: str) -> None:
    names = [named(one) for one in golden.read(direction)]
    assert len(names) == len(set(names))
    assert {one["direction"] for one in golden.read(direction)} == {direction}


def test_a_part_of_a_frame_is_plain_json() -> None:
    frame, _ = decode_server(golden.as_bytes(SERVER[1]))
    assert dump(frame) == SERVER[1]["frame"]["data"]


@pytest.mark.parametrize(
    ("direction", "examples"),
    [("client", CLIENT), ("server", [{**one, "frame": written_again(one)} for one in SERVER])],
    ids=["client", "server"],
)
def test_the_golden_files_are_spelled_as_we_spell_them(
    direction: str, examples: list[golden.Example]
) -> None:
    assert golden.settle(direction, examples), "run the tests once with UPDATE_GOLDEN=1"
