"""A second look at what is asked and answered, by a model, where a tenant's plan names one for `moderate`.

Rules look first and always, and what they find is told to no moderator. What a moderator finds in a
question keeps it from being answered; an answer is held back until it has nothing against it. Where
none can be asked, no model speaks.
"""

import asyncio
from dataclasses import dataclass, field, replace
from secrets import token_hex
from typing import Annotated, Final, Literal

from pydantic import Field

from ai.contracts import Contract
from ai.guards.fences import CHARS_MAX, fenced
from ai.guards.redaction import Vault
from ai.models.access import Access
from ai.models.plan import Purpose
from ai.models.question import For, Question
from ai.prompts.load import Prompt, prompt
from bot.aloud import has_faults
from bot.ports import Answerer, Asked, Draft, Unanswerable
from bot.tellable import tellable
from chorus import metrics
from chorus.log import get_logger

log = get_logger(__name__)

PURPOSE: Final[Purpose] = "moderate"
VERSION: Final = 1
LONGEST_S: Final = 1.5
"""What one look may take of a turn."""
_TASK_BYTES: Final = 6
Who = Literal["customer", "bot"]


class Judgement(Contract):
    """What a text holds."""

    harms: Annotated[
        list[Literal["threat", "self_harm", "hate", "sexual", "abuse"]], Field(max_length=5)
    ]


def moderation_prompt() -> Prompt:
    return prompt("moderate", VERSION)


@dataclass(slots=True)
class Held:
    """Implements `bot.ports.Aloud`: each sentence is looked at, and heard by nobody yet."""

    asked: Asked
    sentences: list[Draft] = field(default_factory=list)

    async def begin(self) -> None:
        self.sentences.clear()
        await self.asked.aloud.begin()

    async def sentence(self, draft: Draft) -> bool:
        self.sentences.append(draft)
        return not has_faults(draft, self.asked)

    async def let_go(self) -> bool:
        """Let all of it be heard. Raises Interrupted: nobody wants the rest."""
        for one in self.sentences:
            if not await self.asked.aloud.sentence(one):
                return False
        return True


@dataclass(frozen=True, slots=True)
class Moderated:
    """Implements `bot.ports.Answerer`: another one, with a moderator before and behind it.

    `purpose` is what `inner` asks models for.
    """

    inner: Answerer
    access: Access
    purpose: Purpose = "bot"

    async def answer(self, asked: Asked) -> Draft | None:
        whom = _whom(asked)
        if not all(self._has_model(whom, one) for one in (self.purpose, PURPOSE)):
            return await self.inner.answer(asked)
        # In a thread: looking for orders in long texts takes milliseconds each.
        if not await asyncio.to_thread(tellable, asked):
            return None
        found = await self._look(whom, "customer", asked.question, asked.until_s)
        if found is None:
            _tell("in", found)
            return None
        if found.harms:
            _tell("in", found)
            raise Unanswerable(found.harms)
        return await self._looked_at(whom, asked)

    def _has_model(self, whom: For, purpose: Purpose) -> bool:
        return not all(one.is_offline for one in self.access.choices(whom, purpose))

    async def _looked_at(self, whom: For, asked: Asked) -> Draft | None:
        """The answer, heard once a moderator has nothing against it."""
        held = Held(asked)
        in_time = asked.until_s - LONGEST_S
        draft = await self.inner.answer(replace(asked, aloud=held, until_s=in_time))
        if draft is None:
            return None
        found = await self._look(whom, "bot", draft.text, asked.until_s)
        if found is None or found.harms:
            # Who cannot be asked lets nothing of a model through: what is quoted is the tenant's own.
            _tell("out", found)
            return None
        return draft if await held.let_go() else None

    async def _look(self, whom: For, who: Who, text: str, until_s: float) -> Judgement | None:
        """What a moderator finds; None: none has answered in time."""
        raw = self.access.plan.data_policy(whom.slug, whom.tier) == "raw"
        clean = str if raw else Vault().redact
        told = await asyncio.to_thread(fenced, {"who": who, "text": text[:CHARS_MAX]}, clean=clean)
        chosen = moderation_prompt()
        answer = await self.access.ask(
            Question(
                whom=whom,
                purpose=PURPOSE,
                prompt=chosen,
                lines=[("system", chosen.render()), ("human", told.document)],
                kind=Judgement,
                accept=_believed,
                task=f"moderate:{whom.conversation_id}:{token_hex(_TASK_BYTES)}",
                until_s=min(until_s, self.access.now_s() + LONGEST_S),
            )
        )
        return answer.value if answer is not None else None


def _believed(found: Judgement) -> Judgement:
    return found


def _whom(asked: Asked) -> For:
    brief, where = asked.brief, asked.where
    return For(where.tenant_id, brief.tenant_slug, brief.tenant_tier, where.conversation_id)


def _tell(way: str, found: Judgement | None) -> None:
    harms = found.harms if found is not None else ["unasked"]
    metrics.grounding_rejects_total.labels(f"moderated_{way}").inc()
    log.warning("bot_moderated", way=way, harms=sorted(set(harms)))
