"""What the protocol asks its shell to do. Facts and frames go in, these come out."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from chorus.wire import client
from chorus.wire.calls import ResumePoint


@dataclass(frozen=True, slots=True)
class Send:
    """Write one frame to this socket."""

    payload: bytes


@dataclass(frozen=True, slots=True)
class Close:
    """End the socket. Nothing comes after it."""

    code: int
    reason: str = ""


@dataclass(frozen=True, slots=True)
class Verify:
    """Check a token; answer with `verified` or `rejected`."""

    token: str


@dataclass(frozen=True, slots=True)
class Enter:
    """Ask the chat service for access; answer with `entered`."""

    resume: ResumePoint | None


@dataclass(frozen=True, slots=True)
class Forward:
    """Give a message to the ingest log."""

    conversation_id: UUID
    message: client.Message
    ref: int | None


@dataclass(frozen=True, slots=True)
class Command:
    """Run an act in the chat service; its frames answer `ref`."""

    conversation_id: UUID | None
    event: str
    data: dict[str, Any]
    id: UUID | None
    ref: int | None


@dataclass(frozen=True, slots=True)
class Pulse:
    """Answer a ping with the place this socket has reached."""

    n: int


@dataclass(frozen=True, slots=True)
class Whisper:
    """Tell the others of the conversation something that is never stored."""

    conversation_id: UUID
    frame: client.Typing | client.Viewing


@dataclass(frozen=True, slots=True)
class Mark:
    """Move a receipt watermark."""

    conversation_id: UUID
    receipt: client.Receipt


@dataclass(frozen=True, slots=True)
class CatchUp:
    """Send what follows `seq`, then `synced`."""

    conversation_id: UUID
    seq: int
    epoch: str
    ref: int | None


@dataclass(frozen=True, slots=True)
class Follow:
    """Subscribe the inbox to conversations."""

    items: list[client.SubscribeItem]
    ref: int | None


@dataclass(frozen=True, slots=True)
class Unfollow:
    """End subscriptions."""

    conversation_ids: list[UUID]


Effect = (
    Send
    | Close
    | Verify
    | Enter
    | Forward
    | Command
    | Pulse
    | Whisper
    | Mark
    | CatchUp
    | Follow
    | Unfollow
)


def answers(effects: Sequence[Effect]) -> list[bytes]:
    """The frames among effects, for tests and logs."""
    return [effect.payload for effect in effects if isinstance(effect, Send)]
