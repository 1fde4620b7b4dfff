"""When a customer is asked whether they are still there, and when they count as gone. Pure.

Idle is a customer whose turn it is: an agent has answered, and nothing came back, neither words
nor typing. Whoever waits for an answer is not idle, however long that takes; but whoever has left
is gone, whose turn it may be. While presence is unknown nobody asks here.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from chat_service.session_facts import WAIT, CustomerGone, CustomerIdle, Happening, Session
from chat_service.session_moves import FINAL
from chorus.wire.common import SessionState

WAITING: Final = frozenset({SessionState.REQUESTED, SessionState.QUEUED, SessionState.OFFERED})
OVER: Final = FINAL | {SessionState.WRAP_UP}


@dataclass(frozen=True, slots=True)
class Policy:
    """What a queue says: ask after so long, end after so long, and whether the bot goes on then."""

    asks_after: timedelta = timedelta(seconds=300)
    ends_after: timedelta = timedelta(seconds=900)
    to_bot: bool = False


@dataclass(frozen=True, slots=True)
class Signs:
    """The last signs of a customer."""

    wrote_at: datetime | None = None
    answered_at: datetime | None = None
    """When an agent first spoke after that, in this session."""
    typed_at: datetime | None = None
    left_at: datetime | None = None
    """Since when their last socket is gone; None while they are here."""


@dataclass(frozen=True, slots=True)
class Verdict:
    """What follows, and when to look again; None: never."""

    happening: Happening | None
    look_at: datetime | None


def judge(session: Session, signs: Signs, policy: Policy, *, now: datetime) -> Verdict:
    """Say what becomes of an open session whose customer was last heard like this.

    Whatever happens meanwhile, a next look within `asks_after` is never too late.
    """
    if session.state in OVER:
        return Verdict(None, None)
    if session.state in WAITING and _expects_nobody(session, signs):
        return Verdict(None, now + policy.asks_after)
    if session.state in WAITING:
        return _of_who_waits(session, signs, policy, now)
    since = quiet_since(session, signs) if session.state == SessionState.ACTIVE else None
    if since is None:
        return Verdict(None, now + policy.asks_after)
    asked_at = session.idle_asked_at
    if asked_at is None or asked_at < since:
        asks_at = since + policy.asks_after
        if now < asks_at:
            return Verdict(None, asks_at)
        answers_in = min(policy.asks_after, policy.ends_after - policy.asks_after)
        return Verdict(CustomerIdle(since), now + answers_in)
    # Who was asked late has as long to answer as others.
    ends_at = max(since + policy.ends_after, asked_at + policy.ends_after - policy.asks_after)
    if now < ends_at:
        return Verdict(None, min(ends_at, now + policy.asks_after))
    return Verdict(CustomerGone(policy.to_bot), None)


def _expects_nobody(session: Session, signs: Signs) -> bool:
    """Say whether a customer was told, or chose, not to wait: what they left is to be answered."""
    later = (session.options or {}).get("chosen", WAIT) != WAIT and signs.answered_at is None
    return session.is_put_off or later


def quiet_since(session: Session, signs: Signs) -> datetime | None:
    """Since when nothing came from a customer who was to say something, or has left."""
    begun = session.started_at or session.requested_at
    moments = [begun, signs.wrote_at, signs.typed_at]
    turned = [*moments, signs.answered_at] if signs.answered_at else None
    left = [*moments, signs.left_at] if signs.left_at else None
    found = [max(at for at in one if at is not None) for one in (turned, left) if one]
    return min(found, default=None)


def _of_who_waits(session: Session, signs: Signs, policy: Policy, now: datetime) -> Verdict:
    """Nobody asks a customer who waits; one who has left is kept their place for a while."""
    soon = now + policy.asks_after
    if signs.left_at is None:
        return Verdict(None, soon)
    moments = (session.requested_at, signs.left_at, signs.wrote_at, signs.typed_at)
    ends_at = max(at for at in moments if at is not None) + policy.ends_after
    if now < ends_at:
        return Verdict(None, min(ends_at, soon))
    return Verdict(CustomerGone(policy.to_bot), None)
