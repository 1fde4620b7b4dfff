"""What is known after some messages: enough to go on from there without reading them again."""

from typing import Final

from pydantic import Field

from ai.contracts import Contract, Evidence, Fact, Role, Tried

FACTS_MAX: Final = 24
LINES_MAX: Final = 8
"""Of tried steps, open questions and promises each; the latest stay."""


class Candidate(Contract):
    """The best sentence so far to say what it is about."""

    score: float
    evidence: Evidence


class Heard(Contract):
    """How the customer has sounded."""

    count: int = 0
    first: float = 0.0
    now: float = 0.0
    lowest: float = 0.0


class Last(Contract):
    """The last thing somebody said in public."""

    role: Role
    asks: bool = False
    proposes: bool = False
    promises: bool = False
    settled: bool = False
    """The customer says that nothing is left to do."""
    evidence: Evidence | None = None


class State(Contract):
    """Everything a summary is made from. `extract.fold` is the only one who makes these."""

    upto_seq: int = 0
    languages: dict[str, int] = Field(default_factory=dict)
    customer_messages: int = 0
    issue: Candidate | None = None
    facts: tuple[Fact, ...] = ()
    tried: tuple[Tried, ...] = ()
    proposed: int = 0
    """How many of the last of `tried` wait for the customer's word."""
    questions: tuple[Evidence, ...] = ()
    commitments: tuple[Evidence, ...] = ()
    heard: Heard = Heard()
    intents: dict[str, float] = Field(default_factory=dict)
    last: Last | None = None
    answered_seq: int = 0
    """The last message of ours that said something, and was sure of it."""
    handoff: str = ""
    closed: bool = False
    attachments: int = 0
    human_requested: bool = False
    injected: bool = False
    urgent: bool = False
    left_out: bool = False
    """Messages in the middle of a very long conversation were not read."""
