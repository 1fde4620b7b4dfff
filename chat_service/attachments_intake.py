"""The rule of files in intake: a message carries what its sender has brought here, and nobody has sent.

Pure. A message without files never asks.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Any, Final
from uuid import UUID

from chorus.ingest import IngestItem

NAMED: Final = "attachments"
CARDS: Final = "files"


@dataclass(frozen=True, slots=True)
class Claimed:
    """A file that some message names, as the rules of intake see it."""

    id: UUID
    tenant_id: UUID
    conversation_id: UUID
    uploader_id: UUID
    name: str
    mime: str
    size: int
    width: int | None
    height: int | None
    state: str
    message_id: UUID | None


Known = dict[tuple[UUID, UUID], Claimed]
"""By tenant and id."""


def named(item: IngestItem) -> list[UUID]:
    """The files that a message names."""
    return [UUID(one) for one in (item.payload or {}).get(NAMED, ())]


def needed(items: Iterable[IngestItem]) -> list[tuple[UUID, UUID]]:
    """Tenant and id of the files whose rows the rules have to see; mostly none."""
    return sorted({(item.tenant_id, one) for item in items if item.payload for one in named(item)})


def refusal(item: IngestItem, files: Mapping[tuple[UUID, UUID], Claimed]) -> str | None:
    """Why a message may not carry what it names, in words; None: it may."""
    ids = named(item)
    if not ids:
        return None
    if len(set(ids)) != len(ids):
        return "A file is named twice."
    for one in ids:
        file = files.get((item.tenant_id, one))
        mine = file is not None and file.conversation_id == item.conversation_id
        if file is None or not mine or file.uploader_id != item.sender_id or file.state == "gone":
            return "There is no such file here; send it again."
        if file.state != "ready":
            return "This file belongs to another message already."
    return None


def carrying(item: IngestItem, files: Mapping[tuple[UUID, UUID], Claimed]) -> IngestItem:
    """The message with what readers see of its files; of those that are its own."""
    found = [files.get((item.tenant_id, one)) for one in named(item)]
    cards = [_card(file) for file in found if file and file.message_id in (None, item.id)]
    if not cards:
        return item
    return replace(item, payload={**(item.payload or {}), CARDS: cards})


def first_name(item: IngestItem) -> str:
    """What a message that says nothing shows instead; nothing where it carries nothing."""
    cards = (item.payload or {}).get(CARDS, ())
    return str(cards[0]["name"]) if cards else ""


def give(item: IngestItem, files: Known) -> None:
    """Note that these files are this message's now: the next one in the batch may not have them."""
    for one in named(item):
        file = files[item.tenant_id, one]
        files[item.tenant_id, one] = replace(file, state="sent", message_id=item.id)


def _card(file: Claimed) -> dict[str, Any]:
    sides = {"width": file.width, "height": file.height}
    card = {"id": str(file.id), "name": file.name, "mime": file.mime, "size": file.size}
    return card | {name: value for name, value in sides.items() if value is not None}
