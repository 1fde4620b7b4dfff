"""Answers in a model's words, from the passages alone. Imported by name, where a plan names a model.

Whatever goes wrong there is no answer from here, and the next answerer quotes.
"""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, field
from secrets import token_hex
from typing import Any, Final

from ai.guards.fences import Fenced, fenced, suspicions
from ai.guards.redaction import Vault
from ai.knowledge.passages import Passage
from ai.models.access import Access
from ai.models.keys import Keys
from ai.models.limits import Limits
from ai.models.make import Stopped, Unfit, keep_quiet
from ai.models.plan import Plan, Purpose
from ai.models.question import For, Question
from ai.models.spending import Ledger
from ai.prompts.load import Prompt, prompt
from bot.moderated import moderation_prompt
from bot.ports import Asked, Draft, Interrupted, Unanswerable
from bot.speaking import joined
from bot.tellable import tellable
from bot.written import BadAnswer, ModelAnswer, Reading
from chorus.bus import Client

VERSION: Final = 1
"""Of its prompt."""
BY: Final = "model"
BEFORE: Final = 8
"""Messages before the question that are shown."""
BEFORE_CHARS: Final = 600
PASSAGE_CHARS: Final = 2_000
_TASK_BYTES: Final = 6
_NOT_GIVEN: Final = "none"
_ANY_LANGUAGE: Final = "of the question"


def answer_prompt() -> Prompt:
    return prompt("bot_answer", VERSION)


@dataclass(frozen=True, slots=True)
class Told:
    """What a model is told, and what puts back what it was not."""

    fence: Fenced
    passages: tuple[Passage, ...]
    restore: Callable[[str], str]


class Modelled:
    """Implements `bot.ports.Answerer`."""

    def __init__(self, access: Access, purpose: Purpose = "bot") -> None:
        self._access, self._purpose = access, purpose

    async def answer(self, asked: Asked) -> Draft | None:
        brief = asked.brief
        whom = For(
            asked.where.tenant_id,
            brief.tenant_slug,
            brief.tenant_tier,
            asked.where.conversation_id,
        )
        if all(one.is_offline for one in self._access.choices(whom, self._purpose)):
            return None
        raw = self._access.plan.data_policy(whom.slug, whom.tier) == "raw"
        # Looking for injections in long texts takes milliseconds each; others wait on this loop.
        told = await asyncio.to_thread(tell, asked, raw=raw)
        if told is None:
            return None
        heard = Heard(asked, told)
        await self._access.ask(_question(whom, self._purpose, told, heard))
        return heard.draft()


async def open_access(plan: Plan, keys: Keys, client: Client, ledger: Ledger) -> Access:
    """Make every model of the plan, so that nobody waits for an import."""
    keep_quiet()
    now_s = asyncio.get_running_loop().time
    access = Access(plan, keys, Limits(client), ledger, now_s=now_s)
    await asyncio.to_thread(access.warm_up, [answer_prompt(), moderation_prompt()])
    return access


def tell(asked: Asked, *, raw: bool) -> Told | None:
    """What a model is told; None: it is better told nothing, and somebody quotes."""
    passages = tellable(asked)
    if not passages:
        return None
    vault, bot = Vault(), asked.brief.bot
    values: dict[str, Any] = {
        "house": {
            "name": bot.name if bot else _NOT_GIVEN,
            "persona": bot.persona if bot else "",
            "instructions": bot.instructions if bot else "",
        },
        "conversation": _before(asked),
        "passages": [
            {"number": number, "title": one.title, "text": one.text[:PASSAGE_CHARS]}
            for number, one in enumerate(passages, 1)
        ],
        "question": asked.question,
    }
    fence = fenced(values, clean=str if raw else vault.redact)
    return Told(fence, passages, str if raw else vault.restore)


def _before(asked: Asked) -> list[dict[str, str]]:
    """What was said lately, without who tried to give orders."""
    said = [one for one in asked.talk if one.content.strip()][-BEFORE:]
    return [
        {"who": one.role, "said": one.content[:BEFORE_CHARS]}
        for one in said
        if not suspicions(one.content[:BEFORE_CHARS])
    ]


def _question(
    whom: For, purpose: Purpose, told: Told, heard: "Heard"
) -> Question[ModelAnswer, ModelAnswer]:
    chosen, asked = answer_prompt(), heard.asked
    rule = chosen.render(language=asked.language or _ANY_LANGUAGE)
    return Question(
        whom=whom,
        purpose=purpose,
        prompt=chosen,
        lines=[("system", rule), ("human", told.fence.document)],
        kind=ModelAnswer,
        accept=heard.accept,
        # Of this turn alone: one that is taken again is paid for again.
        task=f"{purpose}:{asked.where.conversation_id}:{token_hex(_TASK_BYTES)}",
        until_s=asked.until_s,
        listener=heard,
    )


@dataclass(slots=True)
class Heard:
    """Implements `ai.models.make.Listener`: each sentence is looked at as soon as it is whole."""

    asked: Asked
    told: Told
    _reading: Reading = field(default_factory=Reading)
    _sentences: list[Draft] = field(default_factory=list)
    _accepted: ModelAnswer | None = None
    _interrupted: Interrupted | None = None

    async def begin(self) -> None:
        self._reading, self._sentences, self._accepted = Reading(), [], None
        await self.asked.aloud.begin()

    async def hear(self, piece: str) -> None:
        try:
            whole = self._reading.take(piece)
        except BadAnswer as error:
            raise Unfit from error
        for one in whole:
            if not self._reading.refuses:
                await self._say(self._drafted(one.text, one.passages))

    async def _say(self, sentence: Draft) -> None:
        try:
            good = await self.asked.aloud.sentence(sentence)
        except Interrupted as error:
            self._interrupted = error
            raise Stopped from error
        if not good:
            raise Unfit
        self._sentences.append(sentence)

    def accept(self, answer: ModelAnswer) -> ModelAnswer:
        """Raises Unfit: it says something else than what was heard, or nothing."""
        if answer.answerable and len(answer.sentences) != len(self._sentences):
            raise Unfit
        if answer.answerable and not answer.sentences:
            raise Unfit
        self._accepted = answer
        return answer

    def draft(self) -> Draft | None:
        """The whole of it; None: it has none, or did not see what may answer best.

        Raises:
            Interrupted. Unanswerable: it has read the passages, and they do not answer.
        """
        if self._interrupted is not None:
            raise self._interrupted
        if self._accepted is None:
            return None
        if not self._accepted.answerable and self.told.passages[0] != self.asked.passages[0]:
            return None
        if not self._accepted.answerable:
            raise Unanswerable
        cited = dict.fromkeys(id_ for one in self._sentences for id_ in one.cited)
        text = joined([one.text for one in self._sentences])
        return Draft(text, tuple(cited), BY, self._known, self.told.fence.canary)

    def _drafted(self, text: str, numbers: list[int]) -> Draft:
        said = " ".join(self.told.restore(text).split())
        cited = tuple(self._cited(number) for number in numbers)
        return Draft(said, cited, BY, self._known, self.told.fence.canary)

    @property
    def _known(self) -> tuple[str, ...]:
        bot = self.asked.brief.bot
        return (bot.name,) if bot else ()

    def _cited(self, number: int) -> str:
        """The id of a passage; of none that was shown, an id that nothing has."""
        known = 1 <= number <= len(self.told.passages)
        return self.told.passages[number - 1].id if known else f"#{number}"
