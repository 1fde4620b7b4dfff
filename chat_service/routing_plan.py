"""What a round of routing comes to, and what is to happen to each session it moves. Pure."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime
from uuid import UUID

from chat_service.deferral import Deferral, Why, options_of
from chat_service.routing import Decision
from chat_service.routing_facts import Place
from chat_service.session_facts import Deferred, Happening, Offered, Reason, WaitedLong

Then = Happening | Deferral
"""What becomes of a session; what a customer may choose is known once their conversation is held."""


@dataclass(frozen=True, slots=True)
class Chosen:
    """A session that is to be offered to `agent_id` until `deadline_at`."""

    place: Place
    agent_id: UUID
    deadline_at: datetime
    decision: Decision


@dataclass(slots=True)
class Plan:
    """What a round comes to. `more`: the limit cut it short."""

    chosen: list[Chosen] = field(default_factory=list)
    elsewhere: list[tuple[Place, Then]] = field(default_factory=list)
    """Sessions that are not offered, but go to another line, are put off, or whose customer is asked."""
    left: list[Place] = field(default_factory=list)
    """Sessions nobody can take now, in order."""
    more: bool = False
    look_again_at: datetime | None = None
    """When time alone may change the outcome."""

    @property
    def moves(self) -> int:
        """How many sessions it moves."""
        return len(self.chosen) + len(self.elsewhere)

    @property
    def moves_lines(self) -> bool:
        """Whether somebody stands in another line afterwards, who was not looked at there."""
        return any(not isinstance(then, Deferral) for _, then in self.elsewhere)

    def look_at(self, moment: datetime | None) -> None:
        if moment is not None and (self.look_again_at is None or moment < self.look_again_at):
            self.look_again_at = moment


def moves(plan: Plan) -> Iterator[tuple[Place, Then]]:
    """What a plan does with each session it moves."""
    for chosen in plan.chosen:
        again = chosen.agent_id in chosen.place.waiting.excluded
        yield chosen.place, Offered(chosen.agent_id, chosen.deadline_at, again)
    yield from plan.elsewhere


def happening(then: Then, *, has_bot: bool) -> Happening:
    """Spell out what is to happen in a conversation that has a bot or not."""
    if not isinstance(then, Deferral):
        return then
    options = options_of(then, has_bot=has_bot)
    if then.waits:
        return WaitedLong(options)
    long = then.why is Why.WAITED_LONG
    return Deferred(options, Reason.WAITED_LONG if long else Reason.NOBODY_THERE)
