"""Stream entries become batches of items; what is unreadable in them is told apart. Pure."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any, Final
from uuid import UUID

import orjson
from asyncpg.pgproto import pgproto

from chat_service.store.streams import Entry
from chorus.codes import NackCode
from chorus.ingest import IngestItem, load_items

UNREADABLE: Final = "unreadable"

Taken = tuple[IngestItem, Entry]
"""An item and the entry it came in."""


@dataclass(frozen=True, slots=True)
class Bad:
    """A part of an entry that cannot be stored, and as much of its sender as is known."""

    entry: Entry
    packed: bytes
    reason: str
    code: NackCode
    item: IngestItem | None


@dataclass(slots=True)
class Batch:
    """Entries that are stored and settled together. `claimed`: they were delivered before."""

    claimed: bool
    entries: list[Entry] = field(default_factory=list)
    taken: list[Taken] = field(default_factory=list)
    bad: list[Bad] = field(default_factory=list)

    def drop(self, parts: frozenset[int]) -> None:
        """Leave partitions to their new owner."""
        self.entries = [entry for entry in self.entries if entry.part not in parts]
        self.taken = [one for one in self.taken if one[1].part not in parts]
        self.bad = [one for one in self.bad if one.entry.part not in parts]


def batches(entries: Sequence[Entry], *, most_items: int, claimed: bool) -> Iterator[Batch]:
    """Cut entries, in order, into batches of at most `most_items` (or one larger entry)."""
    batch = Batch(claimed)
    for entry in entries:
        items, bad = unpack(entry)
        if batch.entries and len(batch.taken) + len(items) > most_items:
            yield batch
            batch = Batch(claimed)
        batch.entries.append(entry)
        batch.taken += [(item, entry) for item in items]
        batch.bad += bad
    if batch.entries:
        yield batch


def unpack(entry: Entry) -> tuple[list[IngestItem], list[Bad]]:
    """Read an entry; what is unreadable in it does not spoil the rest."""
    try:
        items = [_item(row) for row in orjson.loads(entry.packed)]
    except (ValueError, TypeError, KeyError, AttributeError):
        return _salvage(entry)
    return (items, []) if items else _salvage(entry)


def _item(row: dict[str, Any]) -> IngestItem:
    """What `load_items` does, with the driver's ids: parsed, hashed and sent at a tenth of the cost."""
    for key in ("tenant_id", "conversation_id", "id", "sender_id"):
        row[key] = pgproto.UUID(row[key])
    return IngestItem(**row)


def refused_by_database(item: IngestItem, entry: Entry, reason: str) -> Bad:
    """An item that PostgreSQL would never take."""
    return Bad(entry, _packed(item), reason, NackCode.INVALID, item)


def given_up(entry: Entry) -> list[Bad]:
    """An entry that was in hand each time a writer died; it may be stored, so senders try again."""
    items, bad = unpack(entry)
    reason = f"delivered {entry.deliveries} times"
    return bad + [Bad(entry, _packed(item), reason, NackCode.UNAVAILABLE, item) for item in items]


def _packed(item: IngestItem) -> bytes:
    """An entry of its own for an item; the driver's ids are a subclass that is no JSON by itself."""
    return orjson.dumps([item], default=str)


def _salvage(entry: Entry) -> tuple[list[IngestItem], list[Bad]]:
    items: list[IngestItem] = []
    bad: list[Bad] = []
    parts = _parts(entry.packed)
    if parts is None:
        return [], [Bad(entry, entry.packed, UNREADABLE, NackCode.INVALID, None)]
    for part in parts:
        try:
            items += load_items(orjson.dumps([part]))
        except ValueError:
            sender = _sender(part)
            bad.append(Bad(entry, orjson.dumps([part]), UNREADABLE, NackCode.INVALID, sender))
    return items, bad


def _parts(packed: bytes) -> list[Any] | None:
    try:
        parsed = orjson.loads(packed)
    except orjson.JSONDecodeError:
        return None
    return parsed if isinstance(parsed, list) else None


def _sender(part: Any) -> IngestItem | None:
    """As much of an unreadable item as a nack to its sender needs."""
    nobody = UUID(int=0)
    try:
        return IngestItem(
            tenant_id=nobody,
            conversation_id=UUID(part["conversation_id"]),
            id=UUID(part["id"]),
            sender_id=nobody,
            sender_role="",
            role="",
            type="",
            visibility="",
            content="",
            body_hash="",
            sent_ms=0,
            node=_unsigned(part["node"]),
            conn=_unsigned(part["conn"]),
            slot=_unsigned(part["slot"]),
        )
    except (KeyError, TypeError, ValueError, AttributeError):
        return None


def _unsigned(number: Any) -> int:
    if not isinstance(number, int) or not 0 <= number < 2**63:
        raise ValueError("not a number of ours")
    return number
