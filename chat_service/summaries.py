"""Summaries: read at once, written by people, and never written over in silence.

Made by rules here and now (ADR-0026): what is kept is shown when nothing was said since, else it
is gone on from. What a person wrote stays, with the count of messages it does not cover; what a
model wrote stays until a few came (ADR-0031).
"""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from time import thread_time
from typing import Any, Final
from uuid import UUID

from ai.extract.state import State
from chat_service import conversations
from chat_service.conversations import may_act
from chat_service.deeds import Commands
from chat_service.desk import at_work
from chat_service.digest import Digest, Material, digest, is_usable, stored
from chat_service.emit import Publication, ephemeral, glance_word, summary_word
from chat_service.store import summaries as store
from chat_service.store.summaries import Kept, Shown, Span
from chorus import metrics
from chorus.auth import Principal
from chorus.clock import Clock, rfc3339, unix_ms
from chorus.db import Db, Reader
from chorus.errors import BadRequest, NotFound, StaleView
from chorus.topics import Audience

INLINE_MESSAGES: Final = 25
"""More are read in a thread: the loop of an edge has sockets to serve."""
WHOLE: Final = Span(head=200, tail=1_800)
GLANCE: Final = Span(head=20, tail=44)
"""What is read while somebody waits: of what nobody has folded before, the ends, and the rest beside."""
TRIES: Final = 3
HUMAN: Final = "human"
MODEL: Final = "model"
BY_RULES: Final = "extractive"


@dataclass(frozen=True, slots=True)
class View:
    """A summary as somebody is shown it."""

    conversation_id: UUID
    summary: dict[str, Any]
    behind: int
    rev: int
    made_now: bool = False
    """By rules, and kept: whoever comes next is shown the same."""
    in_part: bool = False
    """A glance, which is not kept: the conductor folds the whole, and tells the agents."""

    @property
    def fresh(self) -> bool:
        """It is of all that was said, and nothing of that was changed."""
        return self.behind == 0 and not self.changed and not self.in_part

    @property
    def changed(self) -> bool:
        """Something of what it covers was changed or taken away."""
        return bool(self.summary.get("changed"))

    @property
    def may_be_better(self) -> bool:
        """By rules, or of a model that has not read all."""
        if self.summary["source"] == MODEL:
            return self.behind > 0
        return bool(self.summary["source"] == BY_RULES and self.summary["upto_seq"])


async def read(commands: Commands, principal: Principal, conversation_id: UUID) -> View:
    """The summary of a conversation: what is kept, or made now. A better one is rung for.

    However much was said, it is answered at once: of many messages that nobody has folded yet it is
    a glance at their ends. Who asks again before the whole is kept waits for the whole.

    Raises:
        NotFound: no such conversation, or not theirs.
    """
    asked_ms = unix_ms(commands.clock.now())
    may_glance = commands.reopened.is_due(conversation_id, commands.clock.monotonic())
    with metrics.timed(metrics.summary_latency_ms):
        view, _ = await _read(
            commands, principal, conversation_id, span=GLANCE if may_glance else WHOLE
        )
    if view.may_be_better:
        await _ring(commands, principal.tenant_id, view, asked_ms)
    return view


async def _ring(commands: Commands, tenant_id: UUID, view: View, asked_ms: int) -> None:
    """Say that somebody reads what a model may say better: at once of what is new, else now and then."""
    now_s = commands.clock.monotonic()
    if view.made_now or commands.reopened.is_due(view.conversation_id, now_s):
        commands.reopened.ring(view.conversation_id, now_s)
        words = [summary_word(tenant_id, view.conversation_id, asked_ms)]
        if view.in_part:
            words.append(glance_word(tenant_id, view.conversation_id))
        await commands.publisher.publish(words)


async def _read(
    commands: Commands, principal: Principal, conversation_id: UUID, *, span: Span = WHOLE
) -> tuple[View, Shown]:
    for _ in range(TRIES):
        shown, material = await _look(commands.db, principal, conversation_id, span)
        if material is None:
            return _view(conversation_id, shown), shown
        made = await _digested(material, commands.clock)
        if made is None:
            break
        in_part = span is GLANCE and material.left_out
        found = await _settled(commands, principal, shown, made, in_part=in_part)
        if found is not None:
            return found
    nothing = stored(State(), at=commands.clock.now())
    return View(conversation_id, nothing, shown.behind, shown.rev), shown


async def _settled(
    commands: Commands, principal: Principal, shown: Shown, made: Kept, *, in_part: bool
) -> tuple[View, Shown] | None:
    """Keep what was made of the whole; None: something that it quotes was changed meanwhile."""
    conversation_id = made.conversation_id
    if not in_part and await _keep(commands.db, principal.tenant_id, made):
        return View(conversation_id, made.summary, 0, shown.rev, made_now=True), shown
    # Somebody was faster, or holds the conversation. Quoting a message that was taken back
    # meanwhile would be worse than being late.
    async with commands.db.read(principal.tenant_id) as session:
        after = await _shown(session, principal, conversation_id)
    if _stands(after):
        return _view(conversation_id, after), after
    if after.edits != made.edits:
        return None
    behind = after.behind if after.head_seq > made.summary["upto_seq"] else 0
    return View(conversation_id, made.summary, behind, after.rev, in_part=in_part), after


async def _look(
    db: Db, principal: Principal, conversation_id: UUID, span: Span
) -> tuple[Shown, Material | None]:
    """Where a conversation stands, and what a summary is made from unless one that is kept stands."""
    async with db.read(principal.tenant_id) as session:
        found = await _shown(session, principal, conversation_id)
        if _stands(found):
            return found, None
        (material,) = await store.materials(
            session, principal.tenant_id, [conversation_id], span=span, wanted=True
        )
        return found, material


async def _shown(session: Reader, principal: Principal, conversation_id: UUID) -> Shown:
    found = await store.shown(session, principal.tenant_id, conversation_id)
    if found is None or not may_act(principal, conversation_id, found.contact_id):
        raise NotFound
    return found


def _stands(shown: Shown) -> bool:
    """Whether what is kept is what we show: it covers (nearly) all, or a person wrote it."""
    if shown.summary is None or not is_usable(shown.summary):
        return False
    if shown.summary["source"] == MODEL:
        return shown.behind < store.MODEL_HOLDS
    by_rules = shown.summary["source"] == BY_RULES
    return not by_rules or bool(shown.summary["upto_seq"] >= shown.head_seq)


def _view(conversation_id: UUID, shown: Shown) -> View:
    assert shown.summary is not None
    return View(conversation_id, shown.summary, shown.behind, shown.rev)


async def _keep(db: Db, tenant_id: UUID, made: Kept) -> bool:
    async with db.transaction(tenant_id) as tx:
        return bool(await store.keep(tx, tenant_id, [made]))


async def _digested(material: Material, clock: Clock) -> Kept | None:
    if len(material.rows) > INLINE_MESSAGES:
        return await asyncio.to_thread(kept_of, material, clock)
    return kept_of(material, clock)


def kept_of(material: Material, clock: Clock) -> Kept | None:
    """Make a summary as it is stored; None: nothing was said."""
    began_s, now = thread_time(), clock.now()
    made: Digest | None = digest(material, at=now)
    if made is None:
        return None
    ms = round((thread_time() - began_s) * 1000)
    return Kept(material.conversation_id, material.edits, made.summary, now, made.state, ms)


async def write(
    commands: Commands, principal: Principal, conversation_id: UUID, text: str, *, rev: int
) -> View:
    """Let an agent say it in their own words; it stays until an agent changes it or lets it go.

    Raises:
        NotFound, Forbidden. StaleView: a colleague changed it since `rev`, or what was said
        changed meanwhile. BadRequest: nothing was said yet.
    """
    view, shown = await _read(commands, principal, conversation_id)
    if shown.head_seq == 0:
        raise BadRequest("Nothing has been said yet.")
    now = commands.clock.now()
    written = {
        **{name: value for name, value in view.summary.items() if name != "changed"},
        "source": HUMAN,
        "model": HUMAN,
        "upto_seq": shown.head_seq,
        "text": text,
        "generated_at": rfc3339(now),
        "by": str(principal.user_id),
    }
    kept = Kept(conversation_id, shown.edits, written, now)
    async with commands.db.transaction(principal.tenant_id) as tx:
        author = await at_work(tx, principal)
        if not await store.write(tx, principal.tenant_id, kept, rev=rev, author=author.id):
            raise StaleView("A colleague has changed this summary meanwhile.")
        tx.after_commit(lambda: _tell(commands, conversation_id, written))
    return View(conversation_id, written, 0, rev + 1)


async def let_go(
    commands: Commands, principal: Principal, conversation_id: UUID, *, rev: int | None
) -> None:
    """Let rules write the summary again. `rev` None: whoever wrote it last.

    Raises:
        NotFound, Forbidden. StaleView: a colleague changed it since `rev`.
    """
    async with commands.db.transaction(principal.tenant_id) as tx:
        await at_work(tx, principal)
        await conversations.enter(tx, principal, conversation_id)
        if not await store.let_go(tx, principal.tenant_id, conversation_id, rev=rev):
            raise StaleView("A colleague has changed this summary meanwhile.")


async def _tell(commands: Commands, conversation_id: UUID, written: dict[str, Any]) -> None:
    await commands.publisher.publish([news_of(conversation_id, written)])


def news_of(conversation_id: UUID, summary: dict[str, Any]) -> Publication:
    """What tells the agents who look at a conversation that there is another text."""
    told = {"upto_seq": summary["upto_seq"], "behind": 0, "source": summary["source"]}
    return ephemeral(conversation_id, "summary", told, audience=Audience.AGENTS, author=None)


async def keep_all(db: Db, tenant_id: UUID, kept: Sequence[Kept]) -> None:
    """Keep what was made beside something else."""
    if kept:
        async with db.transaction(tenant_id) as tx:
            await store.keep(tx, tenant_id, kept)
