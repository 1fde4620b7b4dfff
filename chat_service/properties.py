"""What the team keeps of a conversation: priority, tags, whether it counts as unread, until when it rests."""

from collections.abc import Mapping
from datetime import timedelta
from typing import Any, Final

from chat_service import events
from chat_service.deeds import Act, Deed, Effects, agents_only, not_a_colleagues
from chat_service.emit import router_word
from chat_service.store import conversations, work
from chat_service.store import properties as store
from chat_service.store.conversations import Locked
from chat_service.store.properties import Properties
from chorus.clock import rfc3339
from chorus.errors import BadRequest, ConversationClosed
from chorus.jobs import JobKind
from chorus.wire import client as frames
from chorus.wire.common import MAX_TAGS, ConversationStatus, Visibility

SNOOZE_MAX: Final = timedelta(days=365)


async def update(deed: Deed, where: Locked, frame: frames.Update) -> Effects:
    """Choose priority and tags; what is so already changes nothing.

    Raises:
        Forbidden: a customer. BadRequest: too many tags.
    """
    agents_only(deed)
    before = await store.read(deed.tx, deed.tenant_id, where.id)
    after = _wanted(before, frame)
    changed = _differences(before, after)
    if not changed:
        return Effects()
    await store.write(deed.tx, deed.tenant_id, where.id, after)
    if gone := set(before.tags) - set(after.tags):
        await store.settle(deed.tx, deed.tenant_id, where.id, sorted(gone))
    if frame.add_tags:
        await store.know_labels(deed.tx, deed.tenant_id, frame.add_tags)
    event = deed.event(
        "conversation.updated", {**changed, "by": deed.by}, visibility=Visibility.AGENTS
    )
    told = {"conversation_id": str(where.id), "by": deed.by, "changed": sorted(changed)}
    outbox = events.outbox_row(events.CONVERSATION_CHANGED, deed.tenant_id, told)
    # Who waits is served in order of priority.
    words = (router_word(deed.tenant_id),) if "priority" in changed else ()
    return Effects((event,), (outbox,), words)


def _wanted(before: Properties, frame: frames.Update) -> Properties:
    gone = set(frame.remove_tags) - set(frame.add_tags)
    tags = [one for one in dict.fromkeys([*before.tags, *frame.add_tags]) if one not in gone]
    if len(tags) > MAX_TAGS:
        raise BadRequest(f"A conversation has at most {MAX_TAGS} tags.")
    return Properties(before.priority if frame.priority is None else frame.priority, tags)


def _differences(before: Properties, after: Properties) -> dict[str, Any]:
    changed: dict[str, Any] = {}
    if before.priority != after.priority:
        changed["priority"] = after.priority
    if before.tags != after.tags:
        changed["tags"] = after.tags
    return changed


async def mark(deed: Deed, where: Locked, frame: frames.Mark) -> Effects:
    """Put it back among the unread ones for everybody, until somebody reads on; or take it out."""
    agents_only(deed)
    await store.mark(deed.tx, deed.tenant_id, where.id, unread=frame.unread)
    return Effects()


async def snooze(deed: Deed, where: Locked, frame: frames.Snooze) -> Effects:
    """Put the conversation aside until a time to come; a timer opens it again."""
    agents_only(deed)
    if where.status == ConversationStatus.CLOSED:
        raise ConversationClosed
    if not deed.now < frame.until <= deed.now + SNOOZE_MAX:
        raise BadRequest("`until` lies in the next 365 days.")
    not_a_colleagues(deed, where)
    await conversations.set_status(
        deed.tx,
        deed.tenant_id,
        where.id,
        status=ConversationStatus.SNOOZED,
        until=frame.until,
    )
    await work.set_timer(
        deed.tx,
        deed.tenant_id,
        kind=JobKind.UNSNOOZE,
        conversation_id=where.id,
        due_at=frame.until,
    )
    until = rfc3339(frame.until)
    data = {"status": ConversationStatus.SNOOZED, "until": until, "by": deed.by}
    event = deed.event("conversation.updated", data, visibility=Visibility.AGENTS)
    told = {"conversation_id": str(where.id), "by": deed.by, "until": until}
    outbox = events.outbox_row(events.CONVERSATION_SNOOZED, deed.tenant_id, told)
    return Effects((event,), (outbox,))


ACTS: Final[Mapping[str, Act]] = {
    frames.Update.event: update,
    frames.Mark.event: mark,
    frames.Snooze.event: snooze,
}
