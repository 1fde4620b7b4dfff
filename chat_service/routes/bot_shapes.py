"""What bots look like to those who set them up."""

from typing import Annotated, Any, Literal
from uuid import UUID

from pydantic import Field, StringConstraints

from chat_service.routes.admin_shapes import Absent, Name, Setting
from chat_service.routes.shapes import Shape
from chat_service.routes.widget_shapes import Strict

Text = Annotated[str, StringConstraints(strip_whitespace=True, max_length=4_000)]
Host = Annotated[str, Field(pattern=r"^(\*\.)?[a-z0-9-]+(\.[a-z0-9-]+)*$", max_length=255)]
Language = Annotated[str, Field(pattern="^[a-z]{2,3}$")]
Weight = Annotated[int, Field(strict=True, ge=0, le=100)]
Share = Annotated[float, Field(ge=-1, le=1)]
Turns = Annotated[int, Field(strict=True, ge=1, le=100)]


class BotPolicy(Setting):
    """The table of weights by which it decides; what is left out is as `docs/bot.md` has it."""

    version: Annotated[str, Field(min_length=1, max_length=40)] = Absent
    handoff_at: Weight = Absent
    offer_at: Weight = Absent
    confident_at: Share = Absent
    low_confidence: Weight = Absent
    further_unresolved: Weight = Absent
    further_unresolved_max: Weight = Absent
    angry_at: Share = Absent
    angry: Weight = Absent
    mood_at: Share = Absent
    mood: Weight = Absent
    repeat_at: Share = Absent
    repeat: Weight = Absent
    remedies_at: Turns = Absent
    remedies: Weight = Absent
    unresolved_at: Turns = Absent
    unresolved: Weight = Absent
    clarifications_max: Turns = Absent
    clarified_in_vain: Weight = Absent
    turns_at: Turns = Absent
    turns: Weight = Absent
    matter: Weight = Absent
    sensitive: Weight = Absent
    wordless: Weight = Absent
    degraded: Weight = Absent
    refusal_lasts: Turns = Absent


class BotSettings(Setting):
    policy: BotPolicy = Absent
    allowed_hosts: Annotated[list[Host], Field(max_length=100)] = Absent
    """Where links of its answers may lead; `*.example.com` is any host below it."""
    translates: Strict = Absent
    """A model may answer in the customer's language from passages in another: numbers, links and
    names of things are looked up in them still, words cannot be.
    """
    help_text: dict[Language, Annotated[str, Field(min_length=1, max_length=1_000)]] = Absent
    """What it says at once to somebody in danger, by language."""


class BotChange(Setting):
    """What of a bot is to be otherwise."""

    name: Name = Absent
    persona: Text = Absent
    instructions: Text = Absent
    mode: Literal["answer", "suggest"] = Absent
    """`suggest`: it proposes answers to agents, and customers never hear it."""
    enabled: Strict = Absent
    """Off: whoever it would answer gets a person."""
    settings: BotSettings = Absent
    """Replaced as a whole."""


class NewBot(BotChange):
    name: Name


class BotAnswer(Shape):
    id: UUID
    name: str
    persona: str
    instructions: str
    mode: Literal["answer", "suggest"]
    enabled: bool
    inbox_ids: list[UUID]
    """Where it is bound: `botId` of these inboxes."""
    settings: dict[str, Any]


class BotList(Shape):
    items: list[BotAnswer]
    next_cursor: str | None
