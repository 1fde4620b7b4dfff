"""What a client of `chorus.v1` can be given besides its token."""

import random
import uuid
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from uuid import UUID

from launch.client_core import Entry
from launch.client_socket import Frame
from launch.reconnect import Jitter
from launch.rest_client import History

ReadHistory = Callable[[UUID, int], Awaitable[History]]


@dataclass(frozen=True, slots=True)
class ClientOptions:
    """Everything has a default that is right for one person at a terminal."""

    refresh: Callable[[], Awaitable[str]] | None = None
    """Answers a new token; without it an expired one ends the client."""
    read_history: ReadHistory | None = None
    """Answers what follows a place; by default over REST with the client's own token."""
    on_event: Callable[[UUID | None, Entry], None] | None = None
    """Called for each event as it is applied."""
    on_frame: Callable[[Frame], None] | None = None
    """Called for each frame after `hello` and `ready`, before it is looked at."""
    jitter: Jitter = random.random
    session: UUID = field(default_factory=uuid.uuid4)
    """A newer socket of the same session takes the place of the older one."""
    origin: str | None = None
    """Of the page this would be; by default that of the server itself."""
    name: str = "chorus-cli"
