"""Items on their way to the writer, and the hash that makes a repeat recognisable."""

from typing import Any
from uuid import UUID

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from chorus.ids import uuid7
from chorus.ingest import IngestItem, body_hash, dump_items, load_items, payload_of
from chorus.wire.client import Message

TEXTS = st.text(st.characters(blacklist_categories=["Cs"]), max_size=80)
PLAIN = st.none() | st.booleans() | st.integers(-(2**53), 2**53) | TEXTS
ITEMS = st.builds(
    IngestItem,
    tenant_id=st.uuids(),
    conversation_id=st.uuids(),
    id=st.uuids(),
    sender_id=st.uuids(),
    sender_role=st.sampled_from(["visitor", "agent", "supervisor", "admin", "server"]),
    role=st.sampled_from(["customer", "agent", "bot", "system"]),
    type=TEXTS,
    visibility=st.sampled_from(["public", "agents"]),
    content=TEXTS,
    body_hash=TEXTS,
    sent_ms=st.integers(0, 2**53),
    node=st.integers(0, 2**63),
    conn=st.integers(0, 2**63),
    slot=st.integers(0, 2**53),
    payload=st.none() | st.dictionaries(TEXTS, PLAIN, max_size=3),
    floor_epoch=st.none() | st.integers(0, 2**53),
    expected_seq=st.none() | st.integers(0, 2**53),
)
SENDER = UUID(int=1)
MESSAGE = Message(id=uuid7(), content="Hello", visibility="public")


@given(st.lists(ITEMS, max_size=4))
def test_what_was_dumped_is_loaded(items: list[IngestItem]) -> None:
    assert load_items(dump_items(items)) == items


@given(st.binary() | st.text())
def test_foreign_entries_are_poison_or_items(packed: bytes | str) -> None:
    try:
        items = load_items(packed)
    except ValueError:
        return
    assert all(isinstance(item, IngestItem) for item in items)


ITEM = IngestItem(
    tenant_id=UUID(int=1),
    conversation_id=UUID(int=2),
    id=UUID(int=3),
    sender_id=UUID(int=4),
    sender_role="visitor",
    role="customer",
    type="text",
    visibility="public",
    content="Hello",
    body_hash="h",
    sent_ms=1,
)
ROW: dict[str, Any] = orjson.loads(dump_items([ITEM]))[0]


@pytest.mark.parametrize(
    "rows",
    [
        7,
        None,
        ["x"],
        [7],
        [None],
        [{}],
        [{**ROW, "id": "no uuid"}],
        [{**ROW, "id": 7}],
        [{**ROW, "surplus": 1}],
        [{key: value for key, value in ROW.items() if key != "content"}],
    ],
)
def test_a_wrong_row_is_poison(rows: Any) -> None:
    with pytest.raises(ValueError, match=r"ingest items|hexadecimal UUID"):
        load_items(orjson.dumps(rows))


def test_the_same_message_has_the_same_hash() -> None:
    again = Message.model_validate(MESSAGE.model_dump())
    assert body_hash(SENDER, MESSAGE) == body_hash(SENDER, again)


@pytest.mark.parametrize(
    "change",
    [
        {"content": "Hello "},
        {"type": "card"},
        {"visibility": "agents"},
        {"reply_to": UUID(int=7)},
        {"attachments": [UUID(int=7)]},
        {"attachments": [UUID(int=7), UUID(int=8)]},
        {"attachments": [UUID(int=8), UUID(int=7)]},
    ],
)
def test_another_body_has_another_hash(change: dict[str, Any]) -> None:
    changed = MESSAGE.model_copy(update=change)
    assert body_hash(SENDER, changed) != body_hash(SENDER, MESSAGE)


@pytest.mark.parametrize(
    "change",
    [{"meta": {"page": "/"}}, {"floor_epoch": 3}, {"expected_seq": 4}, {"mentions": [SENDER]}],
)
def test_what_is_said_about_the_body_is_not_the_body(change: dict[str, Any]) -> None:
    changed = MESSAGE.model_copy(update=change)
    assert body_hash(SENDER, changed) == body_hash(SENDER, MESSAGE)


def test_another_sender_has_another_hash() -> None:
    assert body_hash(UUID(int=2), MESSAGE) != body_hash(SENDER, MESSAGE)


def test_a_field_cannot_slide_into_its_neighbour() -> None:
    slid = MESSAGE.model_copy(update={"type": "text\x1fpublic\x1fHello"})
    assert body_hash(SENDER, slid) != body_hash(SENDER, MESSAGE)


def test_a_plain_message_has_no_payload() -> None:
    assert payload_of(MESSAGE) is None


def test_a_payload_holds_what_is_not_text() -> None:
    seven = UUID(int=7)
    full = MESSAGE.model_copy(
        update={
            "reply_to": seven,
            "attachments": [seven],
            "mentions": [seven],
            "meta": {"page": "/cart"},
        }
    )
    assert payload_of(full) == {
        "reply_to": str(seven),
        "attachments": [str(seven)],
        "mentions": [str(seven)],
        "meta": {"page": "/cart"},
    }
