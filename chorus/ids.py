"""Identifiers: UUIDv7, made in Python.

Source: RFC 9562 §5.7. PostgreSQL older than 18 has no `uuidv7()`, so none is asked of it.
"""

import secrets
import time
from uuid import UUID

_RAND_B_MASK = (1 << 62) - 1


def uuid7(at_ms: int | None = None) -> UUID:
    """Make a UUIDv7 for Unix time `at_ms` (now when left out); 74 random bits follow the time."""
    ms = time.time_ns() // 1_000_000 if at_ms is None else at_ms
    rand = secrets.randbits(74)
    rand_a, rand_b = rand >> 62, rand & _RAND_B_MASK
    return UUID(int=(ms & 0xFFFF_FFFF_FFFF) << 80 | 0x7 << 76 | rand_a << 64 | 0b10 << 62 | rand_b)


def is_uuid7(value: UUID) -> bool:
    """Say whether the version nibble is 7 and the variant is RFC 9562's."""
    return value.int >> 76 & 0xF == 7 and value.int >> 62 & 0b11 == 0b10


def uuid7_ms(value: UUID) -> int:
    """Read the Unix time in milliseconds that a UUIDv7 carries."""
    return value.int >> 80
