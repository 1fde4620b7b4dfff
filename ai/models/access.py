"""Asking models: one after the other, within one deadline, within budgets and limits.

One deadline around all of it, because no provider keeps its own: a client's time-out is for each
read from the socket. Whatever goes wrong, the answer is None, and whoever asked has rules to go by.
"""

import asyncio
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from time import monotonic
from typing import Any, Final, TypeVar
from uuid import UUID, uuid4

from pydantic import BaseModel

from ai.models.breaker import Breaker
from ai.models.keys import Keys, MissingKey
from ai.models.limits import Limits
from ai.models.make import is_about_one_request, is_key_refused, make_chat_model
from ai.models.plan import MICROS, Choice, Plan, Purpose
from ai.models.question import Answer, Called, For, Question, call
from ai.models.spending import Ledger, Settled, Spending, most_tokens
from ai.prompts.load import Prompt
from chorus import metrics
from chorus.errors import Overloaded, Unavailable
from chorus.log import get_logger

log = get_logger(__name__)

T = TypeVar("T", bound=BaseModel)
V = TypeVar("V")
FIRST_LEAST_S: Final = 0.2
"""With less left, nothing is asked at all."""
AGAIN_LEAST_S: Final = 0.5
"""With less left after a failure, the next model is not asked."""
TO_STORE_S: Final = 0.15
"""Is kept of the deadline for what is done with the answer."""
SETTLE_S: Final = 2.0
FAIR_S: Final[Mapping[Purpose, float]] = {
    "summary_fast": 1.0,
    "moderate": 1.0,
    "bot": 2.0,
    "assist": 2.0,
}
FAIR_ELSE_S: Final = 4.0
"""Who said nothing for so long has failed; with less, the deadline was ours."""


def ran_late(purpose: Purpose, settled: Settled) -> bool:
    """Whether a model was given too little time to be blamed for what it did not say."""
    fair_s = FAIR_S.get(purpose, FAIR_ELSE_S)
    return settled.result == "timeout" and settled.ms < fair_s * 1000


class NotAsked(Exception):
    """A model was not asked, and why."""

    def __init__(self, why: str) -> None:
        super().__init__(why)
        self.why = why


@dataclass(slots=True)
class Access:
    """The models of an installation. One of these in a process: it remembers who fails."""

    plan: Plan
    keys: Keys
    limits: Limits
    ledger: Ledger
    now_s: Callable[[], float] = monotonic
    _breakers: dict[str, Breaker] = field(default_factory=dict)
    _made: dict[tuple[Choice, int], Any] = field(default_factory=dict)

    def choices(self, whom: For, purpose: Purpose) -> tuple[Choice, ...]:
        """Models in their order; the offline one is always last."""
        return self.plan.choices(whom.slug, whom.tier, purpose)

    def warm_up(self, prompts: Sequence[Prompt]) -> None:
        """Make every model that is named anywhere, so that nobody waits for an import. Blocks."""
        began_s = self.now_s()
        for choice in self.plan.all_choices():
            for prompt in prompts:
                self.model(choice, max_tokens=prompt.max_tokens)
        made = sum(one is not None for one in self._made.values())
        log.info("models_warm", made=made, ms=round((self.now_s() - began_s) * 1000))

    def model(self, choice: Choice, *, max_tokens: int) -> Any:
        """The LangChain model of a choice; None: its key or its provider is missing."""
        known = (choice, max_tokens)
        if known not in self._made:
            try:
                self._made[known] = make_chat_model(choice, self.keys, max_tokens=max_tokens)
            except (MissingKey, ValueError, ImportError) as error:
                # The rest of the plan goes on. Nothing of the error's text: it may quote a key.
                log.warning("model_left_out", spec=choice.spec, error=type(error).__name__)
                self._made[known] = None
        return self._made[known]

    async def ask(self, question: Question[T, V]) -> Answer[V] | None:
        """Ask one model after the other; None: none has answered in time, or nobody wants it."""
        whom = question.whom
        listed = [one for one in self.choices(whom, question.purpose) if not one.is_offline]
        for attempt, choice in enumerate(listed, 1):
            left_s = question.until_s - TO_STORE_S - self.now_s()
            if left_s < (FIRST_LEAST_S if attempt == 1 else AGAIN_LEAST_S):
                self._count(question, "late")
                return None
            try:
                called = await self._try(question, choice, attempt, left_s)
            except NotAsked as error:
                self._count(question, error.why)
                continue
            took = called.settled
            self._count(question, took.result)
            if called.value is not None:
                tokens = took.tokens_in + took.tokens_out
                return Answer(called.value, choice, tokens, took.micros or 0, took.ms)
            if took.result == "lost":
                return None
        return None

    async def _try(
        self, question: Question[T, V], choice: Choice, attempt: int, left_s: float
    ) -> Called[V]:
        """One model. Raises NotAsked."""
        model = self.model(choice, max_tokens=question.prompt.max_tokens)
        if model is None:
            raise NotAsked("left_out")
        breaker = self._breakers.setdefault(choice.place, Breaker())
        tries = breaker.standing(self.now_s()) == "half_open"
        if not breaker.allows(self.now_s()):
            raise NotAsked("resting")
        try:
            called = await self._paid(question, choice, model, (attempt, left_s))
            if not ran_late(question.purpose, called.settled):
                self._learn(breaker, choice, called)
            return called
        finally:
            if tries:
                breaker.gave_up()

    async def _paid(
        self, question: Question[T, V], choice: Choice, model: Any, at: tuple[int, float]
    ) -> Called[V]:
        """Take a place, set aside what it may cost, call and settle. Raises NotAsked."""
        attempt, left_s = at
        until_s = self.now_s() + left_s
        tokens = most_tokens((text for _, text in question.lines), question.kind)
        spending, place = self._spending(question, choice, attempt, tokens), uuid4().hex
        try:
            async with asyncio.timeout(left_s):
                if not await self.limits.take(choice, tokens + question.prompt.max_tokens, place):
                    raise NotAsked("limited")
                spent = await self.ledger.reserve(spending)
            if spent is None:
                raise NotAsked("over_budget")
            called = await self._called(question, choice, model, spent, until_s=until_s)
        except (Unavailable, Overloaded, TimeoutError) as error:
            # What cannot be written down is not spent.
            log.warning("model_not_asked", spec=choice.spec, error=type(error).__name__)
            raise NotAsked("no_ledger") from error
        finally:
            await self.limits.give_back(choice, place)
        return called

    async def _called(
        self, question: Question[T, V], choice: Choice, model: Any, spent: UUID, *, until_s: float
    ) -> Called[V]:
        """Call, and settle whatever becomes of it. Raises NotAsked."""
        began_s = self.now_s()
        if until_s - began_s < FIRST_LEAST_S:
            await self._settle(question, spent, Settled("lost", 0, micros=0))
            raise NotAsked("late")
        called = None
        try:
            called = await call(
                model, question, choice, limit_s=until_s - began_s, now_s=self.now_s
            )
            return called
        finally:
            # Where nobody waits any more, nobody knows what it costs.
            lost = Settled("lost", round((self.now_s() - began_s) * 1000))
            await self._settle(question, spent, called.settled if called else lost)

    def _spending(
        self, question: Question[T, V], choice: Choice, attempt: int, tokens: int
    ) -> Spending:
        whom = question.whom
        return Spending(
            tenant_id=whom.tenant_id,
            conversation_id=whom.conversation_id,
            purpose=question.purpose,
            spec=choice.spec,
            prompt=question.prompt.name,
            plan=self.plan.version,
            task=question.task,
            attempt=attempt,
            micros=choice.cost_micros(tokens, question.prompt.max_tokens),
            budget_micros=self.plan.budget_micros(whom.slug, whom.tier),
        )

    async def _settle(self, question: Question[T, V], spent: UUID, settled: Settled) -> None:
        """Say what it took. Where that cannot be written, what was set aside stays spent."""
        cost = settled.micros
        if cost:
            metrics.llm_cost_usd_total.labels(question.purpose).inc(cost / MICROS)
        try:
            async with asyncio.timeout(SETTLE_S):
                await self.ledger.settle(spent, settled)
        except (Unavailable, Overloaded, TimeoutError) as error:
            log.warning("spending_not_settled", spent=str(spent), error=type(error).__name__)

    def _learn(self, breaker: Breaker, choice: Choice, called: Called[V]) -> None:
        """Remember how it went; what a provider says in its error is logged nowhere."""
        if called.settled.result in ("answered", "unfit"):
            breaker.worked(self.now_s())
            return
        if called.settled.result == "lost":
            return
        fault = called.fault
        why = called.settled.result if fault is None else type(fault).__name__
        log.warning("model_failed", spec=choice.spec, why=why, ms=called.settled.ms)
        # Tenants share a breaker: one customer's messages must not take a model from all of them.
        if fault is not None and is_about_one_request(fault):
            return
        for_good = fault is not None and is_key_refused(fault)
        if breaker.failed(self.now_s(), for_good=for_good):
            log.error("model_rests", spec=choice.spec, key_refused=for_good)

    def _count(self, question: Question[T, V], result: str) -> None:
        metrics.llm_requests_total.labels(question.purpose, result).inc()
