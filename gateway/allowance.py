"""What one socket may still do: its buckets, and where it is typing. Pure (PROTOCOL §7)."""

from dataclasses import dataclass, field
from uuid import UUID

from gateway.admission import Bucket, full_bucket
from gateway.rules import TYPING_TTL_S, Rules


@dataclass(slots=True)
class Allowance:
    """Every event of a live socket draws on one of these, so none can be flooded."""

    messages: Bucket
    commands: Bucket
    """Also what is not a command but costs as much: `position`, `subscribe`, `viewing`, a new token."""
    signs: Bucket
    """Pings and receipts."""
    typing: Bucket
    _typing_s: dict[UUID, float] = field(default_factory=dict)
    """Where it said `start` and not `stop`, and when."""

    def may_type(self, conversation_id: UUID, state: str, at_s: float) -> bool:
        """A start when its time has come; after it, one stop at any time."""
        if state == "stop":
            return self._typing_s.pop(conversation_id, None) is not None
        if not self.typing.take(at_s):
            return False
        # What receivers have let expire by themselves needs no stop.
        self._typing_s = {
            one: since_s for one, since_s in self._typing_s.items() if at_s - since_s < TYPING_TTL_S
        }
        self._typing_s[conversation_id] = at_s
        return True


def full_allowance(rules: Rules, *, is_agent: bool, at_s: float) -> Allowance:
    return Allowance(
        messages=full_bucket(
            *(rules.agent_messages if is_agent else rules.customer_messages), at_s
        ),
        commands=full_bucket(*rules.commands, at_s),
        signs=full_bucket(*rules.signs, at_s),
        typing=full_bucket(*rules.typing, at_s),
    )
