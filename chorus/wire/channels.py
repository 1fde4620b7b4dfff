"""What a channel of an inbox can do, and what an adapter of one hands over and is handed.

An adapter speaks with one provider. It hands every message of a customer to `channels.receive`
as often as the provider delivers it, and sends what `channels.outgoing` answers for a
`message.created`. It keeps what the provider calls a sent message, so that a receipt finds its seq.
The web is a channel, too: its adapter is the gateway.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from hashlib import blake2b
from typing import Final, Protocol
from uuid import UUID

from chorus.clock import unix_ms
from chorus.wire.calls import ReceiptItem
from chorus.wire.common import MAX_CONTENT_BYTES, ReceiptKind, Role


@dataclass(frozen=True, slots=True)
class Channel:
    """What the way itself allows, whoever the provider is."""

    text_max_bytes: int
    """Of one message there, in UTF-8; what is longer goes as several."""
    proves_sender: bool = False
    """The provider vouches for the address; an e-mail's sender may be anybody."""
    address_of_inbox: bool = False
    """An address means a person only together with the inbox it wrote to."""
    threads: bool = False
    """A message may say which conversation it belongs to; else it is the latest open one."""
    receipts: frozenset[ReceiptKind] = frozenset()
    answers_within: timedelta | None = None
    """So long after the customer's last word may be answered freely; None: always."""


_BOTH: Final = frozenset({ReceiptKind.DELIVERED, ReceiptKind.READ})
CHANNELS: Final[Mapping[str, Channel]] = {
    "web": Channel(MAX_CONTENT_BYTES, threads=True, receipts=_BOTH),
    "email": Channel(MAX_CONTENT_BYTES, threads=True),
    "sms": Channel(1_600, proves_sender=True, receipts=frozenset({ReceiptKind.DELIVERED})),
    "whatsapp": Channel(
        4_096, proves_sender=True, receipts=_BOTH, answers_within=timedelta(hours=24)
    ),
    "messenger": Channel(
        2_000,
        proves_sender=True,
        address_of_inbox=True,
        receipts=_BOTH,
        answers_within=timedelta(hours=24),
    ),
}
"""Every value of `inboxes.channel`."""


@dataclass(frozen=True, slots=True)
class Arrived:
    """A customer's message as its provider delivers it, the same however often it does."""

    tenant_id: UUID
    inbox_id: UUID
    provider_id: str
    """What the provider calls this message: the idempotency key."""
    address: str
    """What the provider calls the sender."""
    content: str
    sent_at: datetime
    """By the provider's clock, not when it came: part of the message's id."""
    name: str | None = None
    thread: UUID | None = None
    """The conversation it answers in, where the channel has threads."""


@dataclass(frozen=True, slots=True)
class Taken:
    """Where a message stands. `repeat`: it stood there before."""

    conversation_id: UUID
    seq: int
    repeat: bool


@dataclass(frozen=True, slots=True)
class Outgoing:
    """What is to be said to a customer, in parts the channel takes."""

    tenant_id: UUID
    conversation_id: UUID
    seq: int
    id: UUID
    """With the number of a part, the key for providers that drop repeats."""
    contact_id: UUID
    address: str
    parts: tuple[str, ...]
    free_until: datetime | None = None
    """Then the provider takes prepared texts only; None: no such limit."""
    answers: str | None = None
    """What the provider calls the message before, for `In-Reply-To` and its like."""

    def receipt(self, kind: ReceiptKind) -> ReceiptItem:
        """Say that it was received or read, as every gateway does."""
        return ReceiptItem(
            self.tenant_id,
            self.conversation_id,
            self.contact_id,
            Role.CUSTOMER.value,
            kind.value,
            self.seq,
        )


class Adapter(Protocol):
    """One provider of one inbox."""

    async def send(self, message: Outgoing) -> str:
        """Say it there; answers what the provider calls it. May be asked again for the same `id`.

        Raises:
            Unavailable: not now; it is asked again.
        """
        ...


def issuer_of(channel: str, inbox_id: UUID) -> str:
    """Who says what an address means: kept with a contact's identity."""
    of_inbox = CHANNELS[channel].address_of_inbox
    return f"channel:{channel}:{inbox_id}" if of_inbox else f"channel:{channel}"


def id_of(arrived: Arrived, what: str, place: int = 0) -> UUID:
    """A UUIDv7 of the provider's moment that a repeat gets again: for the message, or what it opens."""
    named = "\x1f".join((str(arrived.inbox_id), arrived.provider_id, what, str(place)))
    digest = int.from_bytes(blake2b(named.encode(), digest_size=10).digest())
    rand_a, rand_b = digest >> 62 & 0xFFF, digest & (1 << 62) - 1
    ms = unix_ms(arrived.sent_at) & 0xFFFF_FFFF_FFFF
    return UUID(int=ms << 80 | 0x7 << 76 | rand_a << 64 | 0b10 << 62 | rand_b)


def parts(content: str, max_bytes: int) -> Iterator[str]:
    """Cut a text at the last space that fits; a word that fits nowhere is cut anywhere."""
    left = content.strip()
    while len(left.encode()) > max_bytes:
        head = left.encode()[:max_bytes].decode(errors="ignore")
        at = max(head.rfind(" "), head.rfind("\n"))
        head = head[:at] if at > 0 else head
        yield head.rstrip()
        left = left[len(head) :].lstrip()
    if left:
        yield left
