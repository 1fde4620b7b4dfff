"""Setting queues up: what is chosen is checked here, with the field that is wrong named."""

from collections.abc import Mapping
from datetime import timedelta
from typing import Any
from uuid import UUID

from chat_service import handoff
from chat_service.administration import (
    Action,
    Author,
    Kind,
    NameTaken,
    Once,
    Revision,
    Subject,
    differences,
    keep,
    made_before,
    record,
    revising,
    wrong,
)
from chat_service.deeds import Commands
from chat_service.handoff import Moved
from chat_service.hours import read_hours
from chat_service.inbox import viewer_of
from chat_service.name_pages import Page, Stretch, page_of
from chat_service.queue_choice import QueueRow
from chat_service.routing import Overflow, overflow_ring
from chat_service.routing_facts import instead_of
from chat_service.session_facts import QueueGone
from chat_service.store import admin_queues as store
from chat_service.store import queues, routing
from chat_service.store.admin_queues import Gone, QueueCard
from chorus.auth import Principal
from chorus.db import Db
from chorus.errors import NotFound
from chorus.ids import uuid7

TEAMS = "visible_to"
"""Of what is chosen, the one thing that is no column."""


async def read_page(db: Db, principal: Principal, stretch: Stretch) -> Page[QueueCard]:
    """Queues in order of name; agents read what their teams may see."""
    async with db.read(principal.tenant_id) as session:
        viewer_id = viewer_of(principal)
        found = await store.page(session, principal.tenant_id, stretch, viewer_id=viewer_id)
    return page_of(found, stretch)


async def read_one(db: Db, principal: Principal, queue_id: UUID) -> QueueCard:
    """Raises NotFound for what is absent, foreign, deleted, or not for this agent to see."""
    async with db.read(principal.tenant_id) as session:
        viewer_id = viewer_of(principal)
        found = await store.card(session, principal.tenant_id, queue_id, viewer_id=viewer_id)
    if found is None:
        raise NotFound
    return found


async def create(
    commands: Commands, author: Author, chosen: Mapping[str, Any], once: Once | None = None
) -> QueueCard:
    """Make a queue; the same key makes it once.

    Raises:
        BadRequest: something is wrong, and which field. NameTaken, KeyReused.
    """
    async with revising(commands, author) as revision:
        queue_id = await made_before(revision, once)
        if queue_id is None:
            queue_id = uuid7()
            await _check(revision, queue_id, chosen)
            _check_silence(chosen)
            await store.insert(revision.tx, revision.tenant_id, queue_id, _columns(chosen))
            await _show(revision, queue_id, chosen)
            await keep(revision, once, queue_id)
            await record(revision, Subject(Kind.QUEUE, queue_id), Action.CREATED, chosen)
        return await _found(revision, queue_id)


async def change(
    commands: Commands, author: Author, queue_id: UUID, chosen: Mapping[str, Any]
) -> QueueCard:
    """Choose otherwise; what is left out stays. Raises as `create`, and NotFound."""
    async with revising(commands, author) as revision:
        before = await _found(revision, queue_id)
        known = {**before.chosen, TEAMS: sorted(before.visible_to)}
        new = differences(known, chosen)
        if not new:
            return before
        changed = {name: chosen[name] for name in new}
        await _check(revision, queue_id, changed)
        _check_silence({**before.chosen, **changed})
        if columns := _columns(changed):
            await store.update(revision.tx, revision.tenant_id, queue_id, columns)
        await _show(revision, queue_id, changed)
        await record(revision, Subject(Kind.QUEUE, queue_id), Action.CHANGED, new)
        return await _found(revision, queue_id)


async def remove(commands: Commands, author: Author, queue_id: UUID) -> tuple[Gone, int]:
    """Delete a queue; says where it leads now, and how many of those who waited went there.

    They keep their age. Who is answered stays with whom answers; what is known of the past stays.

    Raises:
        NotFound: absent, foreign, or deleted already.
    """
    async with revising(commands, author) as revision:
        tx, tenant_id = revision.tx, revision.tenant_id
        facts = await routing.queues(tx, tenant_id)
        if queue_id not in facts or facts[queue_id].gone:
            raise NotFound
        queue = facts[queue_id]
        gone = Gone(queue_id, queue.overflow_queue_id, instead_of(queue, facts))
        await store.archive(tx, tenant_id, gone, at=revision.now)
        moved = await _move_on(revision, gone)
        tx.after_commit(lambda: handoff.tell(commands.publisher, moved, now=revision.now))
        detail = {"name": queue.name, "instead": gone.instead, "sessions": len(moved)}
        await record(revision, Subject(Kind.QUEUE, queue_id), Action.DELETED, detail)
    return gone, len(moved)


async def _move_on(revision: Revision, gone: Gone) -> list[Moved]:
    waiting = await store.unanswered(revision.tx, revision.tenant_id, gone.queue_id)
    elsewhere = QueueGone(gone.queue_id, gone.instead)
    done = await handoff.apply_all(
        revision.tx, revision.tenant_id, dict.fromkeys(waiting, elsewhere), now=revision.now
    )
    # Who was answered or has left meanwhile stands nowhere any more.
    return [one for one in done.values() if isinstance(one, Moved) and one.transition is not None]


async def _found(revision: Revision, queue_id: UUID) -> QueueCard:
    found = await store.card(revision.tx, revision.tenant_id, queue_id)
    if found is None:
        raise NotFound
    return found


def _columns(chosen: Mapping[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in chosen.items() if name != TEAMS}


async def _show(revision: Revision, queue_id: UUID, chosen: Mapping[str, Any]) -> None:
    if TEAMS in chosen:
        await store.show_to(revision.tx, revision.tenant_id, queue_id, chosen[TEAMS])


async def _check(revision: Revision, queue_id: UUID, chosen: Mapping[str, Any]) -> None:
    """Look at what only the tables know; a shape says the rest. Frees the place of the default."""
    tx, tenant_id = revision.tx, revision.tenant_id
    read_hours(chosen.get("hours"))
    if "name" in chosen and await store.name_taken(
        tx, tenant_id, chosen["name"], by_other_than=queue_id
    ):
        raise NameTaken("There is a queue of this name already.", field="name")
    inboxes = [UUID(one) for one in chosen.get("conditions", {}).get("inboxes", [])]
    if await store.missing_inboxes(tx, tenant_id, inboxes):
        raise wrong("conditions.inboxes", "names an inbox that is not there.")
    if await store.missing_teams(tx, tenant_id, chosen.get(TEAMS, [])):
        raise wrong("visibleTo", "names a team that is not there.")
    if chosen.get("overflow_queue_id") is not None:
        known = await queues.queues(tx, tenant_id)
        _check_overflow(queue_id, chosen["overflow_queue_id"], known)
    if chosen.get("is_default"):
        await store.have_no_default(tx, tenant_id)


def _check_silence(chosen: Mapping[str, Any]) -> None:
    """Who is silent is asked first; what is left out is as the table says."""
    asked_after_s = chosen.get("idle_asked_after_s", 300)
    if chosen.get("idle_ends_after_s", 900) <= asked_after_s:
        what = f"is more than the {asked_after_s} after which a silent customer is asked."
        raise wrong("idleEndsAfterSeconds", what)


def _check_overflow(queue_id: UUID, target: UUID, known: list[QueueRow]) -> None:
    names = {one.id: one.name for one in known}
    if target not in names:
        raise wrong("overflowQueueId", "names a queue that is not there.")
    overflows = {one.id: Overflow(timedelta(), one.overflow_queue_id) for one in known}
    ring = overflow_ring(queue_id, {**overflows, queue_id: Overflow(timedelta(), target)})
    if ring:
        way = " → ".join(names[one] for one in [*ring, queue_id])
        raise wrong("overflowQueueId", f"makes a ring: {way}.")
