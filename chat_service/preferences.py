"""What an agent likes their console to be: kept for every device, read by nobody else."""

from collections.abc import Mapping
from typing import Any, Final

import orjson

from chat_service.deeds import Commands
from chat_service.desk import at_work
from chat_service.store import preferences as store
from chorus.auth import Principal
from chorus.db import Db
from chorus.errors import TooLarge

BYTES_MAX: Final = 16_384


async def read(db: Db, principal: Principal) -> dict[str, Any]:
    async with db.read(principal.tenant_id) as session:
        await at_work(session, principal)
        return await store.read(session, principal.tenant_id, principal.user_id)


async def change(
    commands: Commands, principal: Principal, chosen: Mapping[str, Any]
) -> dict[str, Any]:
    """Choose some; those that are left out stay, None takes one away.

    Raises:
        Forbidden: no agent who may work. TooLarge: all of them together.
    """
    async with commands.db.transaction(principal.tenant_id) as tx:
        await at_work(tx, principal)
        before = await store.locked(tx, principal.tenant_id, principal.user_id)
        after = {name: one for name, one in {**before, **chosen}.items() if one is not None}
        packed = orjson.dumps(after)
        if len(packed) > BYTES_MAX:
            raise TooLarge(f"All preferences together may have {BYTES_MAX // 1024} KiB.")
        await store.write(tx, principal.tenant_id, principal.user_id, packed.decode())
    return after
