"""Asking models: one after the other, within one deadline, within budgets and limits.

One deadline around all of it, because no provider keeps its own: a client's time-out is for each
read from the socket. Whatever goes wrong, the answer is None, and whoever asked has rules to go by.
"""

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence
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
from ai.models.question import Answer, Called, Errand, For, Question, call
from ai.models.spending import Ledger, NotAsked, Settled, Spending, most_tokens
from ai.prompts.load import Prompt
from chorus import metrics
from chorus.errors import Overloaded, Unavailable
from chorus.log import get_logger

log = get_logger(__name__)

T = TypeVar("T", bound=BaseModel)
V = TypeVar("V")
Call = Callable[[float], Awaitable[Called[V]]]
"""Asks a model for so many seconds at most, and tells what became of it."""
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
    "embed": 1.0,
}
FAIR_ELSE_S: Final = 4.0
"""Who said nothing for so long has failed; with less, the deadline was ours."""


def ran_late(purpose: Purpose, settled: Settled) -> bool:
    """Whether a model was given too little time to be blamed for what it did not say."""
    fair_s = FAIR_S.get(purpose, FAIR_ELSE_S)
    return settled.result == "timeout" and settled.ms < fair_s * 1000


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
        for choice in self.plan.speaking():
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
                self._count(question.purpose, "late")
                return None
            try:
                called = await self._asked(question, choice, attempt, left_s)
            except NotAsked:
                continue
            took = called.settled
            if called.value is not None:
                tokens = took.tokens_in + took.tokens_out
                return Answer(called.value, choice, tokens, took.micros or 0, took.ms)
            if took.result == "lost":
                return None
        return None

    async def paid(self, errand: Errand, calling: Call[V], *, left_s: float) -> Called[V]:
        """Call one model: the only way any is asked. Whatever became of it is counted and settled.

        Raises:
            NotAsked: it rests, a limit or the budget is reached, or nothing can be written down.
        """
        try:
            called = await self._allowed(errand, calling, left_s)
        except NotAsked as error:
            self._count(errand.purpose, error.why)
            raise
        self._count(errand.purpose, called.settled.result)
        return called

    async def _asked(
        self, question: Question[T, V], choice: Choice, attempt: int, left_s: float
    ) -> Called[V]:
        """One model. Raises NotAsked."""
        prompt = question.prompt
        model = self.model(choice, max_tokens=prompt.max_tokens)
        if model is None:
            self._count(question.purpose, "left_out")
            raise NotAsked("left_out")
        errand = Errand(
            whom=question.whom,
            purpose=question.purpose,
            choice=choice,
            prompt=prompt.name,
            task=question.task,
            attempt=attempt,
            tokens_in=most_tokens((text for _, text in question.lines), question.kind),
            tokens_out=prompt.max_tokens,
        )

        async def calling(limit_s: float) -> Called[V]:
            return await call(model, question, choice, limit_s=limit_s, now_s=self.now_s)

        return await self.paid(errand, calling, left_s=left_s)

    async def _allowed(self, errand: Errand, calling: Call[V], left_s: float) -> Called[V]:
        """Call it unless it rests, and remember how it went. Raises NotAsked."""
        breaker = self._breakers.setdefault(errand.choice.place, Breaker())
        tries = breaker.standing(self.now_s()) == "half_open"
        if not breaker.allows(self.now_s()):
            raise NotAsked("resting")
        try:
            called = await self._booked(errand, calling, left_s)
            if not ran_late(errand.purpose, called.settled):
                self._learn(breaker, errand.choice, called)
            return called
        finally:
            if tries:
                breaker.gave_up()

    async def _booked(self, errand: Errand, calling: Call[V], left_s: float) -> Called[V]:
        """Take a place, set aside what it may cost, call and settle. Raises NotAsked."""
        until_s = self.now_s() + left_s
        choice, place = errand.choice, uuid4().hex
        try:
            async with asyncio.timeout(left_s):
                if not await self.limits.take(choice, errand.tokens, place):
                    raise NotAsked("limited")
                spent = await self.ledger.reserve(self._spending(errand))
            if spent is None:
                raise NotAsked("over_budget")
            called = await self._called(errand, calling, spent, until_s=until_s)
        except (Unavailable, Overloaded, TimeoutError) as error:
            # What cannot be written down is not spent.
            log.warning("model_not_asked", spec=choice.spec, error=type(error).__name__)
            raise NotAsked("no_ledger") from error
        finally:
            await self.limits.give_back(choice, place)
        return called

    async def _called(
        self, errand: Errand, calling: Call[V], spent: UUID, *, until_s: float
    ) -> Called[V]:
        """Call, and settle whatever becomes of it. Raises NotAsked."""
        began_s = self.now_s()
        if until_s - began_s < FIRST_LEAST_S:
            await self._settle(errand.purpose, spent, Settled("lost", 0, micros=0))
            raise NotAsked("late")
        called = None
        try:
            called = await calling(until_s - began_s)
            return called
        finally:
            # Where nobody waits any more, nobody knows what it costs.
            lost = Settled("lost", round((self.now_s() - began_s) * 1000))
            await self._settle(errand.purpose, spent, called.settled if called else lost)

    def _spending(self, errand: Errand) -> Spending:
        whom = errand.whom
        return Spending(
            tenant_id=whom.tenant_id,
            conversation_id=whom.conversation_id,
            purpose=errand.purpose,
            spec=errand.choice.spec,
            prompt=errand.prompt,
            plan=self.plan.version,
            task=errand.task,
            attempt=errand.attempt,
            micros=errand.choice.cost_micros(errand.tokens_in, errand.tokens_out),
            budget_micros=self.plan.budget_micros(whom.slug, whom.tier),
        )

    async def _settle(self, purpose: Purpose, spent: UUID, settled: Settled) -> None:
        """Say what it took. Where that cannot be written, what was set aside stays spent."""
        cost = settled.micros
        if cost:
            metrics.llm_cost_usd_total.labels(purpose).inc(cost / MICROS)
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

    def _count(self, purpose: Purpose, result: str) -> None:
        metrics.llm_requests_total.labels(purpose, result).inc()
