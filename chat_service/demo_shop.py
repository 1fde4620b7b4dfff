"""The made-up shop of the demo page, as far as it has a back end of its own.

It vouches for its customer as the back end of any tenant would, by an issuer that the API knows
from its configuration; and it closes its line for a while. On a developer's own machine only.
"""

import os
import time
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, Final
from uuid import UUID

import jwt
import orjson

from chat_service import hours, queue_choice, visitors
from chat_service.deeds import Commands
from chat_service.emit import router_word
from chat_service.store import demo, queues
from chorus import keys
from chorus.auth import AUD_VISITOR, TOKEN_TTL_S
from chorus.errors import NotFound
from chorus.ids import uuid7

ISSUER: Final = "demo-shop"
FOLDER: Final = "demo-shop"
KEPT_HOURS: Final = "kept-hours.json"
OPEN_H: Final = 8


@dataclass(frozen=True, slots=True)
class Customer:
    """Somebody whom the shop has signed in."""

    subject: str
    name: str
    email: str


NORA: Final = Customer("customer-1042", "Nora Lindqvist", "nora@customer.test")


def customer_token(folder: Path, tenant_id: UUID, customer: Customer = NORA) -> str:
    """Sign what the widget calls `user.token`, with the shop's own key."""
    keys.ensure(folder)
    signing, now = keys.signing_key(folder), int(time.time())
    claims = {
        "iss": ISSUER,
        "sub": customer.subject,
        "aud": AUD_VISITOR,
        "role": "visitor",
        "tid": str(tenant_id),
        "iat": now,
        "exp": now + TOKEN_TTL_S,
        "jti": str(uuid7()),
        "name": customer.name,
        "email": customer.email,
        "attributes": {"customer_number": customer.subject},
    }
    return jwt.encode(
        claims, signing.private_pem, algorithm=keys.ALGORITHM, headers={"kid": signing.kid}
    )


def public_keys(folder: Path) -> dict[str, Any]:
    keys.ensure(folder)
    return keys.jwks(folder)


async def set_closed(commands: Commands, folder: Path, inbox_key: str, *, closed: bool) -> None:
    """Close the line of the demo inbox for two hours, or give it the hours back that it had.

    Idempotent: what the line had before is kept in a file until it is given back.

    Raises:
        NotFound: there is no such inbox, or no line for it.
    """
    kept, now = folder / KEPT_HOURS, commands.clock.now()
    if kept.exists() == closed:
        return
    tenant, inbox = await visitors.public_inbox(commands.db, inbox_key)
    async with commands.db.transaction(tenant.id) as tx:
        queue = queue_choice.home(await queues.queues(tx, tenant.id), inbox.queue_id)
        if queue is None:
            raise NotFound
        if closed:
            _write(kept, queue.hours)
            new = closed_now(now)
        else:
            new = orjson.loads(kept.read_bytes())
        hours.read_hours(new)
        await demo.set_hours(tx, tenant.id, queue.id, new)
        tx.after_commit(lambda: commands.publisher.publish([router_word(tenant.id)]))
    if not closed:
        kept.unlink(missing_ok=True)


def is_closed(folder: Path) -> bool:
    return (folder / KEPT_HOURS).exists()


def closed_now(now: datetime) -> dict[str, Any]:
    """Hours of a shop that has just missed you: it opens at a full hour, in one to two hours."""
    at = now.astimezone(UTC).replace(minute=0, second=0, microsecond=0)
    opens = at + timedelta(hours=2)
    day = [[f"{opens:%H:%M}", f"{opens + timedelta(hours=OPEN_H):%H:%M}"]]
    return {"timezone": "UTC", "week": dict.fromkeys(hours.DAYS, day)}


def _write(path: Path, value: Any) -> None:
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    draft = path.with_suffix(f".{os.getpid()}")
    draft.write_bytes(orjson.dumps(value))
    draft.replace(path)
