"""Sessions that things happen to, for the tests of the state machine."""

from datetime import UTC, datetime, timedelta
from uuid import UUID

from chat_service import session_facts as facts
from chat_service.session_facts import Actor, Conversation, Happening, Session, TransferMode
from chat_service.session_records import HandoffRecord, Refused, Result, Transition, Unchanged
from chat_service.sessions import step
from chorus.wire.common import ConversationStatus, Floor

NOW = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)
LATER = NOW + timedelta(seconds=30)
ADA, BEN, CAT, CUSTOMER, QUEUE, OTHER_QUEUE, TEAM, ID = (UUID(int=n) for n in range(1, 9))
WRAP_UP = timedelta(seconds=30)


class Story:
    """A session that things happen to, one after the other."""

    def __init__(self, *, has_bot: bool = True) -> None:
        self.session: Session | None = None
        self.conversation = Conversation(
            ConversationStatus.OPEN, Floor.BOT if has_bot else Floor.NONE, 1, has_bot=has_bot
        )

    def meets(self, happening: Happening, *, now: datetime = NOW) -> Result:
        result = step(self.session, self.conversation, happening, now=now)
        if isinstance(result, Transition):
            self.session, self.conversation = result.session, result.conversation
        return result

    def goes(self, *happenings: Happening, now: datetime = NOW) -> Transition:
        went = []
        for happening in happenings:
            result = self.meets(happening, now=now)
            assert isinstance(result, Transition), (happening, result)
            went.append(result)
        return went[-1]

    def refuses(self, happening: Happening) -> Refused:
        result = self.meets(happening)
        assert isinstance(result, Refused), result
        return result

    def ignores(self, happening: Happening, *, now: datetime = NOW) -> None:
        assert isinstance(self.meets(happening, now=now), Unchanged)


def queued(*, has_bot: bool = True) -> Story:
    story = Story(has_bot=has_bot)
    story.goes(facts.Escalated(ID, Actor(CUSTOMER)), facts.Queued(QUEUE, position=3, eta_s=60))
    return story


def offered(agent_id: UUID = ADA) -> Story:
    story = queued()
    story.goes(facts.Offered(agent_id, LATER))
    return story


def active(agent_id: UUID = ADA) -> Story:
    story = offered(agent_id)
    story.goes(facts.Accepted(agent_id))
    return story


def transfer(
    to: facts.ToAgent | facts.ToQueue | facts.ToTeam,
    mode: TransferMode = TransferMode.BLIND,
    by: Actor | None = None,
) -> facts.Transferred:
    return facts.Transferred(to, mode, by or Actor(ADA))


def to_agent(agent_id: UUID = BEN) -> facts.ToAgent:
    return facts.ToAgent(agent_id, LATER, reachable=True)


def warm(to: facts.ToAgent | facts.ToQueue | None = None) -> Story:
    """Ada answers and hands over warmly."""
    story = active()
    story.goes(transfer(to or to_agent(), TransferMode.WARM))
    return story


def told(transition: Transition) -> list[tuple[str, str]]:
    """The events by name, with the word that says most about each."""
    words = {"handoff": "state", "participant": "change"}
    return [
        (one.event, str(one.data({}).get(words.get(one.event, "status"), "")))
        for one in transition.records
    ]


def reason_of(transition: Transition) -> facts.Reason:
    """The reason of its one handoff."""
    (reason,) = (one.reason for one in transition.records if isinstance(one, HandoffRecord))
    return reason
