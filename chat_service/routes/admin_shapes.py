"""What REST takes and gives where queues, teams, agents and inboxes are set up.

Here an unknown field is refused: a setting that is misspelt and ignored would be believed to hold.
What a change leaves out stays as it is.
"""

from typing import Annotated, Any, Literal, TypeVar
from uuid import UUID

from pydantic import AfterValidator, ConfigDict, Field, StringConstraints

from ai.contracts import Intent, Mood
from chat_service.handoff_words import NAMING, SOMEBODY
from chat_service.routes.shapes import Shape
from chat_service.routing import Demand, Policy
from chat_service.session_facts import Say
from chorus.wire.common import PresenceStatus

WEEK_S = 7 * 24 * 3600
T = TypeVar("T")


def _left_out() -> Any:
    """The value of a field that was not sent: `exclude_unset` leaves it out again."""
    return None


def _once_each(value: list[T]) -> list[T]:
    return list(dict.fromkeys(value))


def _in_order(value: list[UUID]) -> list[UUID]:
    return sorted(set(value))


def _no_id(value: str) -> str:
    """Queues and teams are found by name or id: a name that is an id could be another's."""
    try:
        UUID(value)
    except ValueError:
        return value
    msg = "a name is no id"
    raise ValueError(msg)


class Setting(Shape):
    model_config = ConfigDict(extra="forbid")


Name = Annotated[
    str,
    StringConstraints(strip_whitespace=True, min_length=1, max_length=80),
    AfterValidator(_no_id),
]
Skill = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=60)]
Skills = Annotated[list[Skill], Field(max_length=50), AfterValidator(_once_each)]
LanguageTag = Annotated[
    str, Field(max_length=35, pattern=r"^[A-Za-z]{2,3}([-_][A-Za-z0-9]{1,8})*$")
]
Languages = Annotated[list[LanguageTag], Field(max_length=30), AfterValidator(_once_each)]
Value = Annotated[str, Field(max_length=200)] | bool | int
Some = Annotated[list[T], Field(min_length=1, max_length=100)]
Absent = Field(default_factory=_left_out)
Role = Literal["agent", "supervisor", "admin"]


class Conditions(Setting):
    """Which requests come to a queue by themselves: all that is named must hold, {} holds never."""

    inboxes: Some[UUID] = Absent
    channels: Some[Literal["web", "email", "sms", "whatsapp", "messenger"]] = Absent
    sources: Some[Literal["widget", "agent", "bot", "rule", "api"]] = Absent
    languages: Some[Annotated[str, Field(pattern="^[a-z]{2,3}$")]] = Absent
    """Without a region: `de`. What they write, else what their browser is set to."""
    intents: Some[Intent] = Absent
    """What the customer's words are about, as far as they were read."""
    sentiments: Some[Mood] = Absent
    attributes: Annotated[dict[str, Some[Value]], Field(min_length=1, max_length=20)] = Absent
    """Of the conversation and its contact; each holds one of the values."""


class RelaxationStep(Setting):
    """A wish that is given up once a session has waited that long; a queue's own skills stay."""

    after_seconds: Annotated[int, Field(strict=True, ge=0, le=24 * 3600)]
    demand: Demand


def _one_each(value: list[RelaxationStep] | None) -> list[RelaxationStep] | None:
    if value is not None and len({step.demand for step in value}) < len(value):
        msg = "a demand is given up once"
        raise ValueError(msg)
    return value


Seconds = Annotated[int, Field(strict=True, ge=1, le=WEEK_S)]
Silence = Annotated[int, Field(strict=True, ge=30, le=24 * 3600)]
Relaxations = Annotated[
    list[RelaxationStep] | None, Field(max_length=len(Demand)), AfterValidator(_one_each)
]


def _sayable(value: dict[str, dict[str, str]]) -> dict[str, dict[str, str]]:
    names = {*Say, SOMEBODY}
    for texts in value.values():
        if unknown := set(texts) - names:
            msg = f"there is no sentence {min(unknown)!r}"
            raise ValueError(msg)
        if any("{agent}" in text for name, text in texts.items() if name not in NAMING):
            msg = f"only {' and '.join(sorted(NAMING))} name the agent"
            raise ValueError(msg)
    return value


Language = Annotated[str, Field(pattern="^[a-z]{2,3}$")]
Sentence = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=500)]
OwnTexts = Annotated[
    dict[Language, Annotated[dict[str, Sentence], Field(max_length=50)]],
    Field(max_length=30),
    AfterValidator(_sayable),
]


class QueueChange(Setting):
    """What of a queue is to be otherwise."""

    name: Name = Absent
    policy: Policy = Absent
    priority: Annotated[int, Field(strict=True, ge=0, le=100)] = Absent
    """Added to that of each session."""
    skills: Skills = Absent
    """Asked of everybody who serves here, always."""
    intent_skills: dict[Intent, Skills] = Absent
    """Skills that are wished for of who answers a topic: `{"refund": ["billing"]}`; given up as
    `relaxations` say."""
    conditions: Conditions = Absent
    hours: dict[str, Any] | None = Absent
    """`{"timezone": "Europe/Vienna", "week": {"mon": [["08:00", "12:00"], ["22:00", "02:00"]]},
    "holidays": {"2026-12-25": []}}`; an interval may run over midnight; null is always open."""
    is_default: Annotated[bool, Field(strict=True)] = Absent
    """Takes what belongs nowhere else; there is one at most."""
    visibility: Literal["public", "internal"] = Absent
    """`public`: customers may name it."""
    visible_to: Annotated[list[UUID], Field(max_length=100), AfterValidator(_in_order)] = Absent
    """Teams whose members see it, besides those who serve it; [] shows it to all agents."""
    max_wait_seconds: Seconds | None = Absent
    """Then a session goes to the overflow queue; where there is none, see `maxWaitThen`."""
    max_wait_then: Literal["ask", "defer"] = Absent
    """Who waited so long and has nowhere else to go is told so once: `ask` lets them go on waiting,
    leave a message, be called back or talk to the bot; `defer` puts them off."""
    team_wait_seconds: Seconds | None = Absent
    """So long a team alone is asked for what is handed to it, then all who serve the queue; null: as
    long as it takes. A team that is not there is given up after half a minute, whatever this says."""
    overflow_queue_id: UUID | None = Absent
    sla_seconds: Seconds | None = Absent
    """Promised until a person accepts."""
    offer_seconds: Annotated[int, Field(strict=True, ge=5, le=3600)] = Absent
    """Until an offer nobody answers goes to somebody else."""
    wrap_up_seconds: Annotated[int, Field(strict=True, ge=0, le=3600)] = Absent
    idle_asked_after_seconds: Silence = Absent
    """A customer who is silent for so long is asked whether they are still there."""
    idle_ends_after_seconds: Silence = Absent
    """And after so long their session ends."""
    idle_then: Literal["end", "bot"] = Absent
    """`end` closes the conversation, `bot` gives it back to the bot."""
    relaxations: Relaxations = Absent
    """Which wishes are given up when; [] none ever, null as the router does: language after
    30 s, wished skills after 60 s."""
    asked_again_after_seconds: Annotated[int, Field(strict=True, ge=10, le=24 * 3600)] | None = (
        Absent
    )
    """So long whoever declined a session, or let it ring out, is left in peace with it; then they
    are asked again, after all who did not. null: never, a person has to claim it."""
    texts: OwnTexts = Absent
    """What customers read when their session moves, in this queue's own words, by language and then
    by the name of the sentence (a message's `meta.say`, or `somebody`): `{"de": {"handoff.looking":
    "Wir holen jemanden."}}`. `{agent}` stands for a name where somebody joins or is back. What is
    left out is as everywhere; {} takes all of them back."""


class NewQueue(QueueChange):
    """A queue; what is left out is as for a queue of any name."""

    name: Name


class QueueAnswer(Shape):
    id: UUID
    name: str
    policy: Policy
    priority: int
    skills: list[str]
    intent_skills: dict[str, list[str]]
    conditions: dict[str, Any]
    hours: dict[str, Any] | None
    is_default: bool
    visibility: Literal["public", "internal"]
    visible_to: list[UUID]
    max_wait_seconds: int | None
    max_wait_then: Literal["ask", "defer"]
    team_wait_seconds: int | None
    overflow_queue_id: UUID | None
    sla_seconds: int | None
    offer_seconds: int
    wrap_up_seconds: int
    idle_asked_after_seconds: int
    idle_ends_after_seconds: int
    idle_then: Literal["end", "bot"]
    relaxations: list[dict[str, Any]] | None
    asked_again_after_seconds: int | None
    texts: dict[str, dict[str, str]]
    created_at: str
    members: int
    """Who serve it and may work."""
    waiting: int


class QueueList(Shape):
    items: list[QueueAnswer]
    next_cursor: str | None


class QueueRemoved(Shape):
    """`instead`: where its sessions went; null: nobody can come to them now."""

    id: UUID
    instead: UUID | None
    sessions: int


class TeamBody(Setting):
    name: Name


class TeamAnswer(Shape):
    id: UUID
    name: str
    members: int
    created_at: str


class TeamList(Shape):
    items: list[TeamAnswer]
    next_cursor: str | None


class AgentChange(Setting):
    """What an agent takes and can do; supervisors change the capacity only."""

    name: Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=80)] = (
        Absent
    )
    role: Role = Absent
    """Sockets and tokens of the old one end at once."""
    capacity: Annotated[int, Field(strict=True, ge=0, le=1000)] = Absent
    """Summed weights of what they answer; 0: nothing new."""
    skills: Skills = Absent
    languages: Languages = Absent
    """Tags like `de` or `pt-BR`; who states none is passed over for none."""


class Membership(Shape):
    id: UUID
    name: str


class AgentAnswer(Shape):
    id: UUID
    name: str
    email: str | None
    """For supervisors and admins, and of oneself."""
    role: str
    capacity: int
    load: int
    """Summed weights of what they answer now."""
    skills: list[str]
    languages: list[str]
    status: str | None
    """What they chose; null: nothing yet."""
    presence: PresenceStatus
    """What they are now; `unknown` while nobody can tell."""
    disabled: bool
    queues: list[Membership]
    teams: list[Membership]


class AgentList(Shape):
    items: list[AgentAnswer]
    next_cursor: str | None
