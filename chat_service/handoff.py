"""One move of a live-chat session: locked, decided by the state machine, written with all rows.

`apply` does one; `apply_all` does many of one tenant in the same few statements. What is to be
said stands in `Moved`; whoever has committed hands it to `tell`. Lock order: conversations by
id, sessions by id, offers (under their session), agents by id.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from uuid import UUID

from chat_service import failpoints
from chat_service import handoff_news as news
from chat_service.emit import Publication, Publisher, durable, inbox_hint, router_word
from chat_service.frames import StoredRow
from chat_service.handoff_draft import Beside, Draft, Scene, change_of, packet_of, words_of
from chat_service.handoff_news import Packet
from chat_service.handoff_words import Texts
from chat_service.session_facts import Deferred, Escalated, Happening, Queued, Session
from chat_service.session_records import Refused, Transition
from chat_service.sessions import step
from chat_service.store import moves, offers
from chat_service.store import sessions as store
from chat_service.store.moves import Change, joined
from chat_service.store.sessions import Beginning, Known, Request
from chorus.db import Transaction
from chorus.errors import BY_NACK, ChorusError, ConversationClosed, NotFound


@dataclass(frozen=True, slots=True)
class Moved:
    """What a move did. `scene` is as it is now; without a transition nothing was to do."""

    scene: Scene
    before: Session | None
    transition: Transition | None
    rows: tuple[StoredRow, ...] = ()
    words: tuple[Publication, ...] = ()
    packet: Packet | None = None
    """The offer it made."""

    @property
    def session(self) -> Session:
        session = self.scene.session
        assert session is not None
        return session


async def enter(
    tx: Transaction, tenant_id: UUID, conversation_id: UUID, *, session_id: UUID | None = None
) -> Scene:
    """Lock a conversation with its session; `session_id` must be that session, if given.

    Raises:
        NotFound: no such conversation. ConversationClosed: the session is over, another began.
    """
    scenes = await enter_all(tx, tenant_id, [conversation_id])
    if conversation_id not in scenes:
        raise NotFound
    scene = scenes[conversation_id]
    if session_id is not None and (scene.session is None or scene.session.id != session_id):
        raise ConversationClosed("This session is over.")
    return scene


async def enter_all(
    tx: Transaction, tenant_id: UUID, ids: Sequence[UUID], *, skip_locked: bool = False
) -> dict[UUID, Scene]:
    """Lock conversations with their sessions; absent, foreign and skipped ones are left out."""
    held = await store.hold(tx, tenant_id, ids, skip_locked=skip_locked)
    filed = await store.latest(tx, tenant_id, list(held)) if held else {}
    return {one: Scene(tenant_id, place, filed.get(one)) for one, place in held.items()}


async def apply(
    tx: Transaction, tenant_id: UUID, conversation_id: UUID, happening: Happening, *, now: datetime
) -> Moved:
    """Let something happen to the session of a conversation.

    Raises:
        ChorusError: it may not happen now; nothing was written.
    """
    scene = await enter(tx, tenant_id, conversation_id)
    return await move(tx, scene, happening, now=now)


async def apply_all(
    tx: Transaction,
    tenant_id: UUID,
    happenings: Mapping[UUID, Happening],
    *,
    now: datetime,
    skip_locked: bool = False,
) -> dict[UUID, Moved | Refused]:
    """The same for many conversations, in a few statements. A refusal hinders no other.

    Absent and foreign conversations are left out, and with `skip_locked` those somebody holds.
    """
    scenes = await enter_all(tx, tenant_id, list(happenings), skip_locked=skip_locked)
    return await move_all(tx, [(one, happenings[id_]) for id_, one in scenes.items()], now=now)


async def move(
    tx: Transaction,
    scene: Scene,
    happening: Happening,
    *,
    now: datetime,
    beside: Beside | None = None,
) -> Moved:
    """Let something happen to an entered session; go on with `Moved.scene`.

    Raises:
        ChorusError: it may not happen now; nothing was written.
    """
    besides = {scene.held.id: beside} if beside else {}
    moved = (await move_all(tx, [(scene, happening)], now=now, besides=besides))[scene.held.id]
    if isinstance(moved, Refused):
        raise await refusal(tx, moved)
    return moved


@dataclass(frozen=True, slots=True)
class Begun:
    """A session that was begun in mind: `begin_all` writes it."""

    beginning: Beginning
    change: Change
    moved: tuple[Moved, ...]


def beginning(
    scene: Scene,
    happenings: tuple[Escalated, Queued | Deferred],
    *,
    now: datetime,
    beside: Beside,
    queue: Known,
) -> Begun | Refused:
    """Decide how a session begins and is put somewhere, both at once, and write nothing yet."""
    steps: list[tuple[Draft, Change, Moved]] = []
    for happening in happenings:
        here = steps[-1][2].scene if steps else scene
        result = step(here.session, here.held.conversation, happening, now=now)
        if isinstance(result, Refused):
            return result
        assert isinstance(result, Transition), "no session was open"
        draft = Draft(here, result, queue.names, queue.texts, beside)
        change = change_of(draft, draft.rows(now), now)
        steps.append((draft, change, _moved(draft, change)))
    written = Beginning(scene.held.id, steps[-1][0].session, _asked(beside))
    change = joined([change for _, change, _ in steps])
    return Begun(written, change, tuple(moved for *_, moved in steps))


async def begin_all(
    tx: Transaction, tenant_id: UUID, begun: Sequence[Begun], *, now: datetime
) -> None:
    """Write sessions that begin in held conversations of one tenant."""
    await store.insert(tx, tenant_id, [one.beginning for one in begun])
    await moves.record(tx, tenant_id, [one.change for one in begun], at=now)


async def move_all(
    tx: Transaction,
    steps: Sequence[tuple[Scene, Happening]],
    *,
    now: datetime,
    besides: Mapping[UUID, Beside] | None = None,
) -> dict[UUID, Moved | Refused]:
    """Let something happen to entered sessions of one tenant, each at most once."""
    answers: dict[UUID, Moved | Refused] = {}
    due: list[tuple[Scene, Transition]] = []
    for scene, happening in steps:
        result = step(scene.session, scene.held.conversation, happening, now=now)
        if isinstance(result, Transition):
            due.append((scene, result))
        elif isinstance(result, Refused):
            answers[scene.held.id] = result
        else:
            answers[scene.held.id] = Moved(scene, scene.session, None)
    if due:
        known = await _known(tx, due)
        drafts = [
            Draft(*one, known.names, known.texts, (besides or {}).get(one[0].held.id, Beside()))
            for one in due
        ]
        answers |= await _write(tx, drafts, now=now)
    return answers


async def refusal(tx: Transaction, refused: Refused) -> ChorusError:
    """The error for a refused move; who lost a race learns who won."""
    if refused.holder is None:
        return BY_NACK[refused.code](refused.detail)
    name = (await store.names(tx, [refused.holder])).get(refused.holder)
    detail = refused.detail.replace("A colleague", name) if name else refused.detail
    return BY_NACK[refused.code](detail, by={"userId": str(refused.holder), "name": name})


async def tell(publisher: Publisher, moved: Sequence[Moved], *, now: datetime) -> None:
    """Say and count what moved, once it is committed: for `Transaction.after_commit`."""
    failpoints.passing("before_tell")
    counted(moved, now=now)
    await publisher.publish(publications(moved, now=now))


def counted(moved: Sequence[Moved], *, now: datetime) -> None:
    """Keep the metrics of moves that are committed."""
    for one in moved:
        if one.transition is not None:
            news.count(one.before, one.transition, now=now)


def publications(moved: Sequence[Moved], *, now: datetime) -> list[Publication]:
    """Frames of the conversations, then hints for inboxes, offers, and the router's bell."""
    done = [one for one in moved if one.transition is not None]
    frames = [durable(row) for one in done for row in one.rows]
    heads: dict[UUID, dict[UUID, int]] = {}
    for one in done:
        heads.setdefault(one.scene.tenant_id, {})[one.scene.held.id] = one.scene.held.last_seq
    hints = [inbox_hint(tenant_id, rows) for tenant_id, rows in heads.items()]
    words = [word for one in done for word in _words(one, now)]
    return [*frames, *hints, *words, *map(router_word, heads)]


def _words(moved: Moved, now: datetime) -> list[Publication]:
    if moved.packet is None:
        return [*moved.words]
    return [*moved.words, news.offered(moved.scene.tenant_id, moved.packet, now=now)]


async def _known(tx: Transaction, due: Sequence[tuple[Scene, Transition]]) -> Known:
    """What the events and words will call people and queues, and the own words of those."""
    names: dict[UUID, str] = {}
    texts: dict[UUID, Texts] = {}
    wanted: set[UUID | None] = set()
    for scene, transition in due:
        names |= scene.filed.names if scene.filed else {}
        texts |= scene.filed.texts if scene.filed else {}
        record = news.handoff_of(transition)
        wanted |= {transition.session.queue_id, transition.session.agent_id}
        wanted |= {record.by} if transition.offer_result else set()
    missing = [one for one in wanted if one is not None and one not in names]
    if not missing:
        return Known(names, texts)
    found = await store.known(tx, missing)
    return Known({**names, **found.names}, {**texts, **found.texts})


async def _write(
    tx: Transaction, drafts: Sequence[Draft], *, now: datetime
) -> dict[UUID, Moved | Refused]:
    tenant_id = drafts[0].scene.tenant_id
    if new := [one for one in drafts if one.begins]:
        asked = [Beginning(one.scene.held.id, one.session, _asked(one.beside)) for one in new]
        await store.insert(tx, tenant_id, asked)
    if kept := [one.session for one in drafts if not one.begins]:
        sockets = {one.session.id: one.beside.socket for one in drafts if one.beside.socket}
        await store.save(tx, kept, sockets=sockets)
    if settled := [ended for one in drafts if (ended := one.settled())]:
        await offers.settle(tx, settled, at=now)
    if opened := [begun for one in drafts if (begun := one.opened())]:
        await offers.open_all(tx, tenant_id, opened, at=now)
    rows = [one.rows(now) for one in drafts]
    changes = [change_of(one, added, now) for one, added in zip(drafts, rows, strict=True)]
    await moves.record(tx, tenant_id, changes, at=now)
    if rested := [agent for one in drafts if (agent := one.rested())]:
        await moves.rest(tx, tenant_id, rested, at=now)
    return {
        one.scene.held.id: _moved(one, change) for one, change in zip(drafts, changes, strict=True)
    }


def _asked(beside: Beside) -> Request:
    return beside.request or Request(source="api")


def _moved(draft: Draft, change: Change) -> Moved:
    held = replace(
        draft.scene.held,
        last_seq=change.last_seq,
        conversation=change.conversation,
        closed_at=change.closed_at,
        queue_id=change.queue_id,
    )
    scene = replace(draft.scene, held=held, filed=draft.filed())
    words = tuple(words_of(draft))
    packet = packet_of(draft)
    return Moved(scene, draft.before, draft.transition, change.rows, words, packet)
