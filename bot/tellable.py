"""What models may be told, a moderator among them: neither orders to a model nor harm. Pure."""

from ai.guards.fences import suspicions
from ai.guards.moderation import harms_in
from ai.knowledge.passages import Passage
from bot.ports import Asked


def tellable(asked: Asked) -> tuple[Passage, ...]:
    """The passages that go with the question; none: nothing is told, and somebody quotes."""
    if suspicions(asked.question) or harms_in(asked.question):
        return ()
    # What gives orders is no source: obeyed, it would bear the answer out word for word.
    return tuple(one for one in asked.passages if not _gives_orders(one))


def _gives_orders(passage: Passage) -> bool:
    return bool(suspicions(passage.title) or suspicions(passage.text))
