"""Summaries by a model, on the extractor's floor: never later than asked for, never made up."""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass
from secrets import token_hex
from typing import Final

from ai.guards.fences import suspicions
from ai.guards.redaction import Vault
from ai.models.access import Access
from ai.models.make import Unfit
from ai.models.plan import Purpose
from ai.models.question import Answer, Question
from ai.prompts.load import Prompt, prompt
from ai.summarise.lines import Lines, refined, tidy, unbelievable
from ai.summarise.offline import floor
from ai.summarise.request import Kind, Made, Request
from ai.summarise.transcript import as_told, document, shown, spoken
from chorus import metrics

_PURPOSES: Final[dict[Kind, Purpose]] = {"fast": "summary_fast", "rich": "summary_rich"}
VERSIONS: Final[dict[Purpose, int]] = {"summary_fast": 1, "summary_rich": 1}
"""Which version of its prompt each purpose uses."""
_ANY_LANGUAGE: Final = "of the conversation"
_CANARY_BYTES: Final = 9


def prompt_for(kind: Kind) -> Prompt:
    purpose = _PURPOSES[kind]
    return prompt(purpose, VERSIONS[purpose])


@dataclass(frozen=True, slots=True)
class LlmSummariser:
    """Asks the models of whoever it is for; what they do not say in time, rules say."""

    access: Access

    async def ainvoke(self, request: Request) -> Made:
        if not spoken(request.messages):
            return floor(request)
        vault, canary = Vault(), f"fence-{token_hex(_CANARY_BYTES)}"
        whom = request.whom
        raw = self.access.plan.data_policy(whom.slug, whom.tier) == "raw"
        clean = str if raw else vault.redact
        # Looking for injections in long messages takes milliseconds each; others wait on this loop.
        told = await asyncio.to_thread(document, request.messages, request.floor, clean=clean)
        sources = await asyncio.to_thread(sources_of, request)

        def accept(lines: Lines) -> Lines:
            return _believed(tidy(lines, vault.restore), sources, canary)

        answer = await self.access.ask(_question(request, told, canary, accept))
        return floor(request) if answer is None else _made(request, answer)


def sources_of(request: Request) -> list[str]:
    """What a line may rest on. What gives orders to a model is none: else it could be obeyed, and the
    answer would stand in the conversation word for word.
    """
    told = [(one.seq, as_told(one)) for one in shown(request.messages, request.floor)]
    orders = {seq for seq, said in told if suspicions(said)}
    facts = (one for one in request.floor.facts if not orders.issuperset(one.seqs))
    return [said for seq, said in told if seq not in orders] + [one.value for one in facts]


def _believed(lines: Lines, sources: list[str], canary: str) -> Lines:
    """Raises Unfit: nothing is left of what it is about."""
    doubted = unbelievable(lines, sources, canary)
    for name in doubted:
        metrics.grounding_rejects_total.labels(name).inc()
    kept = lines.model_copy(update=dict.fromkeys(doubted, ""))
    if not (kept.headline or kept.issue):
        raise Unfit
    return kept


def _question(
    request: Request, told: str, canary: str, accept: Callable[[Lines], Lines]
) -> Question[Lines, Lines]:
    """The rule in the system's part, what people wrote in the other; never one inside of the other."""
    asked = prompt_for(request.kind)
    rule = asked.render(language=request.floor.language or _ANY_LANGUAGE, fence=canary)
    return Question(
        whom=request.whom,
        purpose=_PURPOSES[request.kind],
        prompt=asked,
        lines=[("system", rule), ("human", told)],
        kind=Lines,
        accept=accept,
        task=request.task,
        until_s=request.until_s,
    )


def _made(request: Request, answer: Answer[Lines]) -> Made:
    lines = answer.value
    if "injection_suspected" in request.floor.flags:
        # Somebody gave orders to a model in there: what is to be done is not for it to say.
        lines = lines.model_copy(update={"next_step": ""})
    summary, text = refined(request.floor, lines)
    return Made(
        summary,
        text,
        "model",
        answer.choice.spec,
        prompt=prompt_for(request.kind).name,
        tokens=answer.tokens,
        micros=answer.micros,
        ms=answer.ms,
    )
