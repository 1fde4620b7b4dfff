"""What agents set up for themselves or for everybody: canned replies, macros, views of the inbox.

Everybody's are changed by supervisors and admins, and audited; one's own are nobody else's business.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final
from uuid import UUID

from chat_service import audit
from chat_service.administration import Author, differences
from chat_service.deeds import Commands
from chat_service.desk import at_work, may_change, owner_of
from chat_service.store import owned as store
from chat_service.store.owned import Owned
from chorus.auth import Principal
from chorus.db import Db, Reader, Transaction
from chorus.errors import BadRequest, Conflict, NotFound
from chorus.ids import uuid7

SHARED: Final = "shared"
"""Of what is chosen, the one thing that is no column."""


@dataclass(frozen=True, slots=True)
class Shelf:
    """One kind of such things."""

    table: str
    kind: str
    key: tuple[str, ...]
    """What one owner has only once; the first is how it is found and sorted."""
    most: int = store.LIST_MAX
    """How many one agent may see."""


REPLIES: Final = Shelf("canned_replies", "canned_reply", ("shortcut", "language"))
MACROS: Final = Shelf("macros", "macro", ("name",))
VIEWS: Final = Shelf("saved_views", "saved_view", ("name",), most=100)


class Taken(Conflict):
    """You have one of this name already."""

    @property
    def slug(self) -> str:
        return "NAME_TAKEN"


async def read_all(db: Db, principal: Principal, shelf: Shelf) -> list[Owned]:
    """One's own and everybody's, in order of name, at most 1,000."""
    async with db.read(principal.tenant_id) as session:
        return await store.seen_by(
            session,
            principal.tenant_id,
            shelf.table,
            agent_id=principal.user_id,
            by=shelf.key[0],
        )


async def read_one(session: Reader, principal: Principal, shelf: Shelf, id_: UUID) -> Owned:
    """Raises NotFound for what is absent, foreign, or another agent's own."""
    found = await store.one(session, principal.tenant_id, shelf.table, id_)
    if found is None or found.owner_id not in (None, principal.user_id):
        raise NotFound
    return found


async def create(
    commands: Commands, author: Author, shelf: Shelf, chosen: Mapping[str, Any]
) -> Owned:
    """Make one, for oneself or `shared`. Raises Forbidden and Taken."""
    who = author.principal
    owner_id = owner_of(who, shared=chosen.get(SHARED, False))
    values = {**_columns(chosen), "agent_id": owner_id}
    id_ = uuid7()
    async with commands.db.transaction(who.tenant_id) as tx:
        await at_work(tx, who)
        await store.alone(tx, who.tenant_id, shelf.table)
        if len(await _all_of(tx, who, shelf)) >= shelf.most:
            raise BadRequest(f"There are {shelf.most} already.")
        await _check_key(tx, who, shelf, id_, values)
        await store.insert(tx, who.tenant_id, shelf.table, id_, values)
        if owner_id is None:
            await _record(tx, author, shelf, id_, "created", _columns(chosen))
        return await read_one(tx, who, shelf, id_)


async def change(
    commands: Commands, author: Author, shelf: Shelf, id_: UUID, *, chosen: Mapping[str, Any]
) -> Owned:
    """Choose otherwise; what is left out stays. Raises NotFound, Forbidden and Taken."""
    who = author.principal
    async with commands.db.transaction(who.tenant_id) as tx:
        await at_work(tx, who)
        await store.alone(tx, who.tenant_id, shelf.table)
        before = await read_one(tx, who, shelf, id_)
        may_change(who, before.owner_id)
        values = _columns(chosen)
        if SHARED in chosen:
            values["agent_id"] = owner_of(who, shared=chosen[SHARED])
        new = differences({**before.values, "agent_id": before.owner_id}, values)
        if not new:
            return before
        after = {**before.values, "agent_id": before.owner_id, **values}
        await _check_key(tx, who, shelf, id_, after)
        now = commands.clock.now()
        await store.update(tx, who.tenant_id, shelf.table, id_, {**values, "updated_at": now})
        if None in (before.owner_id, after["agent_id"]):
            await _record(tx, author, shelf, id_, "changed", new)
        return await read_one(tx, who, shelf, id_)


async def remove(commands: Commands, author: Author, shelf: Shelf, id_: UUID) -> None:
    """Throw one away. Raises NotFound and Forbidden."""
    who = author.principal
    async with commands.db.transaction(who.tenant_id) as tx:
        await at_work(tx, who)
        before = await read_one(tx, who, shelf, id_)
        may_change(who, before.owner_id)
        await store.delete(tx, who.tenant_id, shelf.table, id_)
        if before.owner_id is None:
            kept = {name: before.values[name] for name in shelf.key}
            await _record(tx, author, shelf, id_, "deleted", kept)


async def _all_of(tx: Transaction, who: Principal, shelf: Shelf) -> list[Owned]:
    return await store.seen_by(
        tx, who.tenant_id, shelf.table, agent_id=who.user_id, by=shelf.key[0]
    )


async def _check_key(
    tx: Transaction, who: Principal, shelf: Shelf, id_: UUID, values: Mapping[str, Any]
) -> None:
    taken = await store.is_taken(
        tx,
        who.tenant_id,
        shelf.table,
        owner_id=values["agent_id"],
        key={name: values[name] for name in shelf.key},
        by_other_than=id_,
    )
    if taken:
        raise Taken(field=shelf.key[0])


async def _record(
    tx: Transaction, author: Author, shelf: Shelf, id_: UUID, done: str, detail: Mapping[str, Any]
) -> None:
    await audit.write(
        tx,
        author.principal,
        f"{shelf.kind}.{done}",
        subject=f"{shelf.kind}:{id_}",
        detail=detail,
        address=author.address,
    )


def _columns(chosen: Mapping[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in chosen.items() if name != SHARED}
