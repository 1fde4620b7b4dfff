"""The audit log: who did what to what, from where. Nobody may change or delete an entry."""

from collections.abc import Mapping
from typing import Any

import orjson

from chat_service.store import security
from chorus.auth import Principal
from chorus.db import Transaction
from chorus.ids import uuid7


async def write(
    tx: Transaction,
    who: Principal,
    action: str,
    *,
    subject: str,
    detail: Mapping[str, Any],
    address: str | None = None,
) -> None:
    """Add an entry in the transaction of what it tells. `subject`: what it was done to, `kind:id`."""
    entry = {
        "id": uuid7(),
        "tenant": who.tenant_id,
        "actor": who.user_id,
        "role": who.role,
        "action": action,
        "subject": subject,
        "detail": orjson.dumps(dict(detail), default=str).decode(),
        "address": address,
    }
    await security.audit(tx, [entry])
