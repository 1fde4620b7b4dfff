"""Labels that are offered: whoever uses a new one offers it, supervisors colour and remove them."""

from chat_service import audit
from chat_service.administration import Author
from chat_service.deeds import Commands
from chat_service.desk import at_work
from chat_service.store import labels as store
from chat_service.store.labels import LabelRow
from chorus.auth import Principal
from chorus.db import Db
from chorus.errors import NotFound


async def read_all(db: Db, principal: Principal) -> list[LabelRow]:
    async with db.read(principal.tenant_id) as session:
        return await store.offered(session, principal.tenant_id)


async def put(commands: Commands, author: Author, name: str, color: str) -> None:
    """Offer a label in a colour."""
    who = author.principal
    async with commands.db.transaction(who.tenant_id) as tx:
        await at_work(tx, who)
        if await store.put(tx, who.tenant_id, name, color=color):
            await audit.write(
                tx,
                who,
                "label.changed",
                subject=f"label:{name}",
                detail={"color": color},
                address=author.address,
            )


async def remove(commands: Commands, author: Author, name: str) -> None:
    """Offer a label no more; conversations keep it. Raises NotFound."""
    who = author.principal
    async with commands.db.transaction(who.tenant_id) as tx:
        await at_work(tx, who)
        if not await store.delete(tx, who.tenant_id, name):
            raise NotFound
        await audit.write(
            tx,
            who,
            "label.deleted",
            subject=f"label:{name}",
            detail={},
            address=author.address,
        )
