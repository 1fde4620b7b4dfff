"""What summaries look like over REST."""

import re
from typing import Annotated, Any, Final
from uuid import UUID

from pydantic import Field, StringConstraints

from chat_service.routes.admin_shapes import Setting
from chat_service.routes.shapes import Shape

_TEXT_CHARS_MAX: Final = 4_000
_PART: Final = re.compile(r"_([a-z])")


class SummaryBody(Setting):
    """A summary in an agent's own words."""

    text: Annotated[
        str, StringConstraints(strip_whitespace=True, min_length=1, max_length=_TEXT_CHARS_MAX)
    ]
    rev: Annotated[int, Field(strict=True, ge=0, le=2**53)]
    """The `rev` this window was shown."""


class SummaryCard(Shape):
    """A summary as it is kept. Each line of `body` names the messages it comes from."""

    upto_seq: int
    source: str
    """`extractive`: quoted by rules; `model`; `human`: an agent's words."""
    model: str
    tier: str
    body: dict[str, Any]
    text: str
    generated_at: str
    by: UUID | None = None
    """Whose words these are."""


class SummaryView(SummaryCard):
    conversation_id: UUID
    behind: int
    """Public messages since `uptoSeq`."""
    fresh: bool
    """It is of all that was said, and none of that was changed. False beside `behind` 0: of so many
    messages at once that it was made of their ends; ask again, or wait for the frame `summary`."""
    changed: bool
    """Something it covers was edited or deleted since a person wrote it."""
    rev: int
    """How often people have written this summary or given it up."""


def summary_card(kept: dict[str, Any]) -> dict[str, Any]:
    """What `metadata.summary` holds, as REST spells it."""
    return {
        "uptoSeq": kept["upto_seq"],
        "source": kept["source"],
        "model": kept["model"],
        "tier": kept["tier"],
        "body": _camel(kept["body"]),
        "text": kept["text"],
        "generatedAt": kept["generated_at"],
        "by": kept.get("by"),
    }


def _camel(value: Any) -> Any:
    if isinstance(value, dict):
        return {_PART.sub(_upper, name): _camel(one) for name, one in value.items()}
    return [_camel(one) for one in value] if isinstance(value, list) else value


def _upper(found: re.Match[str]) -> str:
    return found[1].upper()
