"""Messages that wait for their answer, in arrival order. Pure."""

from dataclasses import dataclass
from uuid import UUID

from chorus.ingest import IngestItem


@dataclass(frozen=True, slots=True)
class Pending:
    """A forwarded message; `item.slot` is its number at this gateway."""

    item: IngestItem
    ref: int | None
    sent_s: float

    @property
    def slot(self) -> int:
        return self.item.slot


class Outstanding:
    """All unsettled messages of a gateway. Arrival order is kept over all conversations."""

    def __init__(self) -> None:
        self._by_slot: dict[int, Pending] = {}
        self._by_id: dict[tuple[UUID, UUID], list[int]] = {}
        self._last_slot = 0

    def __len__(self) -> int:
        return len(self._by_slot)

    def next_slot(self) -> int:
        self._last_slot += 1
        return self._last_slot

    def add(self, pending: Pending) -> None:
        self._by_slot[pending.slot] = pending
        self._by_id.setdefault(_key(pending), []).append(pending.slot)

    def get(self, slot: int) -> Pending | None:
        return self._by_slot.get(slot)

    def take(self, slot: int) -> Pending | None:
        """Settle by number."""
        pending = self._by_slot.pop(slot, None)
        if pending is not None:
            slots = self._by_id[_key(pending)]
            slots.remove(slot)
            if not slots:
                del self._by_id[_key(pending)]
        return pending

    def take_id(self, conversation_id: UUID, id: UUID) -> Pending | None:
        """Settle by message id: a row found by reading."""
        slots = self._by_id.get((conversation_id, id))
        return self.take(slots[0]) if slots else None

    def take_overdue(self, before_s: float) -> list[Pending]:
        """Give up those sent before `before_s`, oldest first, and what was sent behind them.

        What a socket said later in the same conversation goes with them: posted again without
        them, it would overtake them. The sender starts from the first of them again.
        """
        late, held = [], set[tuple[int, UUID]]()
        for pending in self._by_slot.values():
            sender = (pending.item.conn, pending.item.conversation_id)
            if pending.sent_s < before_s:
                held.add(sender)
            elif not held:
                break
            if sender in held:
                late.append(pending)
        for pending in late:
            self.take(pending.slot)
        return late

    def unsettled(self) -> list[Pending]:
        """All of them in arrival order: what is posted again when a connection was lost."""
        return list(self._by_slot.values())


def _key(pending: Pending) -> tuple[UUID, UUID]:
    return pending.item.conversation_id, pending.item.id
