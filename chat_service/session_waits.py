"""What becomes of customers who wait and nobody comes: on to others, asked, or put off. Pure."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any, Final

from chat_service import session_facts as facts
from chat_service.session_facts import Reason, Say
from chat_service.session_moves import (
    Here,
    Why,
    back_to_leaving,
    moved,
    nobodys_is_the_bots,
    placed_in,
)
from chat_service.session_records import Result, Transition, Unchanged
from chorus.wire.common import SessionState

_SAYS: Final[Mapping[Reason, Say]] = {Reason.CHOSE_LATER: Say.NOTED}


def queue_gone(here: Here, happening: facts.QueueGone) -> Result:
    """Go on waiting elsewhere with the same age; an offer that named its agent stands."""
    session, to = here.session, happening.to
    direct = session.offer is not None and session.offer.direct
    if session.queue_id != happening.queue_id or direct:
        return Unchanged(session)
    if session.state == SessionState.DEFERRED:
        elsewhere = replace(session, queue_id=to)
        return moved(here, elsewhere, placed_in(here, to), Why(Reason.QUEUE_GONE))
    if to is None:
        bot = ["bot"] if here.conversation.has_bot else []
        left = {"options": ["message", "callback", *bot], "why": "nobody_there"}
        queueless = replace(here, session=replace(session, queue_id=None))
        return put_off(queueless, left, Reason.QUEUE_GONE)
    state = SessionState.DEFERRED if session.is_put_off else SessionState.QUEUED
    placed = replace(session, state=state, queue_id=to, offer=None, queued_at=here.now)
    say = Say.STILL_LOOKING if session.state == SessionState.OFFERED else None
    quiet = session.is_put_off or session.leaving_agent_id is not None
    why = Why(Reason.QUEUE_GONE, say=None if quiet else say)
    return moved(here, placed, placed_in(here, to), why)


def team_gone(here: Here, happening: facts.TeamGone) -> Result:
    """Ask everybody of the queue, or give it back to who meant this team to go on with it."""
    if here.conversation.team_id != happening.team_id:
        return Unchanged(here.session)
    here = replace(here, conversation=replace(here.conversation, team_id=None))
    if here.session.leaving_agent_id is not None:
        why = Why(Reason.TEAM_GONE, say=Say.BACK_WITH_AGENT)
        return back_to_leaving(here, here.session, why)
    return moved(here, here.session, here.conversation, Why(Reason.TEAM_GONE))


def waited_long(here: Here, happening: facts.WaitedLong) -> Result:
    """Tell a customer once what else there is; they keep their place."""
    session = here.session
    if session.leaving_agent_id is not None:
        why = Why(Reason.WAITED_LONG, say=Say.BACK_WITH_AGENT)
        return back_to_leaving(here, session, why)
    if session.was_asked_to_choose:
        return Unchanged(session)
    asked = replace(session, options={**(session.options or {}), **happening.options})
    return moved(here, asked, here.conversation, Why(Reason.WAITED_LONG, say=Say.WAITED_LONG))


def deferred(here: Here, happening: facts.Deferred) -> Result:
    return put_off(here, happening.options, happening.reason)


def put_off(here: Here, options: Mapping[str, Any], reason: Reason) -> Transition:
    """Nobody can come now; later anybody may be asked again."""
    if here.session.leaving_agent_id is not None:
        return back_to_leaving(here, here.session, Why(reason, say=Say.BACK_WITH_AGENT))
    left = {"contact": one} if (one := (here.session.options or {}).get("contact")) else {}
    deferred = replace(
        here.session,
        state=SessionState.DEFERRED,
        offer=None,
        excluded=frozenset(),
        options={**left, **options},
    )
    why = Why(reason, say=_SAYS.get(reason, Say.LEAVE_MESSAGE))
    return moved(here, deferred, nobodys_is_the_bots(placed_in(here, None)), why)
