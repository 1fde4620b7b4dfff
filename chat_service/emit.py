"""What leaves after a commit: frames for sockets, hints for inboxes, words for every process.

All of it is a hint: who missed it finds out by seq or head (RELIABILITY F1). So a Redis that
does not answer costs an act little time, and then none for a while.
"""

import asyncio
from collections.abc import Callable, Mapping, Sequence
from time import monotonic
from typing import Any, Final
from uuid import UUID

import orjson

from chat_service.frames import StoredRow, audience_of, frame_of
from chorus import topics
from chorus.bus import Client, publish_all
from chorus.clock import rfc3339, unix_ms
from chorus.topics import HEADER_BYTES, Audience, Header, Kind
from chorus.wire.calls import Outgoing
from chorus.wire.envelope import encode_raw

Publication = tuple[str, bytes]
"""A channel, and a packed header followed by a frame (or plain JSON on other channels)."""

TIMEOUT_S: Final = 0.5
PAUSE_S: Final = 2.0


class Publisher:
    """Publishes in order; after a time-out it says nothing for `PAUSE_S`."""

    def __init__(self, client: Client, *, clock: Callable[[], float] = monotonic) -> None:
        self._client = client
        self._clock = clock
        self._silent_until = float("-inf")

    async def publish(self, messages: Sequence[Publication]) -> None:
        if not messages or self._clock() < self._silent_until:
            return
        try:
            async with asyncio.timeout(TIMEOUT_S):
                await publish_all(self._client, messages)
        except TimeoutError:
            self._silent_until = self._clock() + PAUSE_S


def durable(row: StoredRow) -> Publication:
    """A stored row for all sockets of its conversation."""
    header = Header(
        Kind.DURABLE,
        audience_of(row.visibility),
        row.conversation_id,
        row.seq,
        0,
        topics.NO_CONN,
        0,
        unix_ms(row.created_at),
        topics.author_key(row.sender_id),
    )
    return topics.fan(row.conversation_id), header.pack() + frame_of(row)


def ephemeral(
    conversation_id: UUID,
    event: str,
    data: dict[str, Any],
    *,
    audience: Audience,
    author: UUID | None,
) -> Publication:
    """A frame that is not stored, for the sockets of a conversation."""
    header = Header(
        Kind.EPHEMERAL,
        audience,
        conversation_id,
        0,
        0,
        topics.NO_CONN,
        0,
        0,
        topics.author_key(author),
    )
    return topics.fan(conversation_id), header.pack() + encode_raw(event, data)


def inbox_hint(tenant_id: UUID, heads: Mapping[UUID, int]) -> Publication:
    """Tell the inboxes of a tenant which rows to read again."""
    rows = [{"conv": str(one), "rev": rev} for one, rev in heads.items()]
    return topics.inbox(tenant_id), orjson.dumps(rows)


def offer_word(tenant_id: UUID, word: Mapping[str, Any]) -> Publication:
    """Hand an offer, or its end, to all sockets of one agent: `{agent, conv, session, frame}`."""
    return topics.inbox(tenant_id), orjson.dumps(dict(word))


def router_word(tenant_id: UUID) -> Publication:
    """Wake whoever routes the sessions of a tenant; the outbox says the same a little later."""
    return control({"handoff": str(tenant_id)})


def summary_word(tenant_id: UUID, conversation_id: UUID, asked_ms: int) -> Publication:
    """Say that somebody reads a summary by rules, or a stale one: a model may say it better.

    `asked_ms`: since when they wait, as Unix time.
    """
    return control({"summary": [str(tenant_id), str(conversation_id)], "asked_ms": asked_ms})


def glance_word(tenant_id: UUID, conversation_id: UUID) -> Publication:
    """Say that somebody was shown a summary of a part, and would rather have the whole."""
    return control({"glance": [str(tenant_id), str(conversation_id)]})


def outgoing(messages: Sequence[Publication]) -> list[Outgoing]:
    """The fan-out part of publications, as a gateway takes it over gRPC."""
    return [
        Outgoing(packed[:HEADER_BYTES].hex(), packed[HEADER_BYTES:].decode())
        for channel, packed in messages
        if channel.startswith(("fan:", "gw:"))
    ]


def control(word: Mapping[str, Any]) -> Publication:
    return topics.CONTROL, orjson.dumps(word)


def delivered(row_id: UUID, *, seq: int | None, at: Any, dup: bool) -> dict[str, Any]:
    """The `data` of a command's `delivered`; it carries no envelope `seq`."""
    data: dict[str, Any] = {"id": str(row_id), "ts": rfc3339(at), "dup": dup}
    return data if seq is None else {**data, "seq": seq}
