"""Handing a session on by hand, blind or warm (DESIGN §6). Pure.

Warm: who hands over keeps the floor until a colleague accepts, and speaks beside them until
their first message. Blind: nobody has the floor until somebody accepts.
"""

from dataclasses import replace

from chat_service import session_facts as facts
from chat_service.session_facts import Offer, Reason, Say
from chat_service.session_moves import Here, Why, foreign, moved, released
from chat_service.session_records import Refused, Result, Unchanged
from chorus.codes import NackCode
from chorus.wire.common import SessionState


def transferred(here: Here, happening: facts.Transferred) -> Result:
    refusal = foreign(here, happening.by) or _bad_target(here, happening)
    if refusal is not None:
        return refusal
    session, warm = here.session, happening.mode == facts.TransferMode.WARM
    owner = here.owner_id
    leaving = replace(
        session,
        agent_id=None,
        leaving_agent_id=owner if warm else None,
        excluded=session.excluded | ({owner} if owner else set()),
    )
    stays = warm and owner is not None
    conversation = here.conversation if stays else released(here.conversation)
    why = Why(Reason.TRANSFERRED, happening.by.user_id, None if stays else Say.TRANSFERRED)
    to = happening.to
    if isinstance(to, facts.ToAgent):
        offer = Offer(to.agent_id, to.deadline_at, direct=True)
        held_out = replace(leaving, state=SessionState.OFFERED, offer=offer, offered_at=here.now)
        return moved(here, held_out, conversation, why)
    # Who was told to expect nobody is put off in the other line, too.
    state = SessionState.DEFERRED if session.is_put_off else SessionState.QUEUED
    placed = replace(leaving, state=state, offer=None, queue_id=to.queue_id, queued_at=here.now)
    team_id = to.team_id if isinstance(to, facts.ToTeam) else None
    return moved(here, placed, replace(conversation, team_id=team_id), why)


def _bad_target(here: Here, happening: facts.Transferred) -> Refused | None:
    to = happening.to
    if not isinstance(to, facts.ToAgent):
        return None if to.members else Refused(NackCode.INVALID, "Nobody serves there.")
    if to.agent_id in (here.owner_id, happening.by.user_id):
        return Refused(NackCode.INVALID, "A transfer goes to somebody else.", here.owner_id)
    if not to.reachable:
        return Refused(NackCode.INVALID, "This agent cannot be reached now.")
    return None


def warm_done(here: Here, happening: facts.WarmDone) -> Result:
    session = here.session
    if session.leaving_agent_id is None or session.agent_id != happening.agent_id:
        return Unchanged(session)
    alone = replace(session, leaving_agent_id=None)
    why = Why(Reason.TRANSFER_DONE, happening.agent_id)
    return moved(here, alone, here.conversation, why)
