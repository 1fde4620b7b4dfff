"""One turn: from what a customer said to what is to be done about it, within one deadline.

Nothing is sent here. Whatever fails on the way ends at a person.
"""

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Final

from ai.contracts import Msg
from ai.knowledge.passages import Passage
from bot.aloud import Checked, has_faults
from bot.features import TurnFeatures, features_of_turn, turns_of, with_harms
from bot.policy import Action, BadPolicy, Decision, Policy, decide
from bot.ports import (
    Answerer,
    Asked,
    Brief,
    Draft,
    Hearing,
    Interrupted,
    Knowledge,
    Talk,
    Unanswerable,
    Where,
)
from bot.talk import question_of, since_handed
from chorus import metrics
from chorus.log import get_logger

log = get_logger(__name__)

OPEN: Final = "open"
DEFERRED: Final = "deferred"
PASSAGES: Final = 5
SURE: Final = 1.0
TO_SAY_S: Final = 0.5
"""Is kept of a turn for quoting, should a model have taken the rest."""


class Part(StrEnum):
    """What a bot is in a conversation."""

    ANSWERS = "answers"
    BESIDE = "beside"
    """A person was asked for and cannot come: it may answer, and calls nobody again."""
    SUGGESTS = "suggests"
    SUSPENDED = "suspended"
    """It has the floor and may not speak."""


_SPEAKS: Final = (Part.ANSWERS, Part.BESIDE)


@dataclass(frozen=True, slots=True)
class Scene:
    """A turn of a customer, with all that is known before anything is looked up."""

    where: Where
    brief: Brief
    talk: Talk
    question: tuple[Msg, ...]
    part: Part
    policy: Policy


@dataclass(frozen=True, slots=True)
class Verdict:
    """What is to be done; `draft` is an answer that was looked at and found good."""

    decision: Decision
    features: TurnFeatures
    draft: Draft | None = None
    sources: tuple[Passage, ...] = ()


@dataclass(frozen=True, slots=True)
class Mind:
    """What a bot thinks with; answerers in the order in which they are asked."""

    knowledge: Knowledge
    answerers: Sequence[Answerer]
    turn_s: float
    now_s: Callable[[], float]


def part_of(brief: Brief, talk: Talk, *, answers: bool) -> Part | None:
    """What the bot is here; None: nothing, others speak."""
    bot, has_floor = brief.bot, talk.floor_holder == "bot"
    if bot is None or brief.status != OPEN or brief.session not in (None, DEFERRED):
        suggests = bot is not None and bot.suggests and bot.enabled and not has_floor
        return Part.SUGGESTS if suggests and answers and brief.status == OPEN else None
    if not has_floor:
        return Part.SUGGESTS if bot.suggests and bot.enabled and answers else None
    if brief.session == DEFERRED:
        return Part.BESIDE if bot.enabled and answers and not bot.suggests else None
    return Part.ANSWERS if bot.enabled and answers and not bot.suggests else Part.SUSPENDED


def scene_of(where: Where, brief: Brief, talk: Talk, *, answers: bool) -> Scene | None:
    """What there is to think about; None: nothing was asked, or it is not ours to answer."""
    part = part_of(brief, talk, answers=answers)
    if part is Part.BESIDE:
        talk = since_handed(talk)
    question = question_of(talk.messages)
    if part is None or not question:
        return None
    return Scene(where, brief, talk, question, part, policy_of(brief))


def policy_of(brief: Brief) -> Policy:
    """The table of its bot, or ours."""
    table = brief.bot.settings.get("policy") if brief.bot else None
    try:
        return Policy.read(table or {})
    except (BadPolicy, TypeError, ValueError) as error:
        # A bad table must not leave customers alone: ours is shy enough for anybody.
        log.warning("bot_policy_unfit", tenant=brief.tenant_slug, why=str(error)[:200])
        return Policy()


async def think(mind: Mind, scene: Scene, hearing: Hearing | None = None) -> Verdict:
    """Decide; takes `turn_s` at most, and never raises for what is wrong with us.

    `hearing` hears an answer while it is made, where the answer is all that is to be said.

    Raises:
        Interrupted: nobody wants an answer any more.
    """
    features = TurnFeatures()
    try:
        async with asyncio.timeout(mind.turn_s):
            # Long talks take long to read, and others wait for this loop.
            features = await asyncio.to_thread(_features_of, scene)
            return await _thought(mind, scene, features, hearing)
    except TimeoutError:
        log.warning("bot_turn_late", conversation=str(scene.where.conversation_id))
    except Interrupted:
        raise
    except Exception:
        log.exception("bot_turn_failed", conversation=str(scene.where.conversation_id))
    failed = replace(features, failed=True)
    return Verdict(decide(failed, scene.policy), failed)


def _features_of(scene: Scene) -> TurnFeatures:
    turns = turns_of(scene.talk.messages, scene.talk.actions)
    features = features_of_turn(turns)
    return replace(features, suspended=scene.part is Part.SUSPENDED)


async def _thought(
    mind: Mind, scene: Scene, features: TurnFeatures, hearing: Hearing | None
) -> Verdict:
    sure = replace(features, confidence=SURE)
    without = decide(sure, scene.policy)
    if without.action in (Action.HANDOFF, Action.SMALLTALK) or features.wordless:
        return Verdict(without, sure)
    until_s = mind.now_s() + mind.turn_s - TO_SAY_S
    question = "\n".join(one.content for one in scene.question)
    found = await mind.knowledge.search(scene.where.tenant_id, question, PASSAGES)
    metrics.bot_confidence.observe(found.confidence)
    known = replace(features, confidence=found.confidence, degraded=found.degraded)
    decision = decide(known, scene.policy)
    if known.confidence < scene.policy.confident_at or not found.passages:
        return Verdict(_without_answer(known, scene.policy), known)
    if decision.action is Action.HANDOFF and scene.part is not Part.SUGGESTS:
        return Verdict(decision, known)
    asked = Asked(
        scene.where,
        scene.brief,
        question,
        features.language,
        found.passages,
        scene.talk.messages,
        until_s,
    )
    if hearing is not None and decision.action is Action.ANSWER and scene.part in _SPEAKS:
        asked = replace(asked, aloud=Checked(asked, hearing))
    try:
        draft = await _draft(mind, asked)
    except Unanswerable as error:
        known = with_harms(known, error.harms)
        return Verdict(_without_answer(known, scene.policy), known)
    if draft is None:
        return Verdict(_without_answer(known, scene.policy), known)
    return Verdict(decision, known, draft, found.passages)


def _without_answer(features: TurnFeatures, policy: Policy) -> Decision:
    lowest = min(features.confidence, policy.confident_at - 0.01)
    return decide(replace(features, confidence=lowest), policy)


async def _draft(mind: Mind, asked: Asked) -> Draft | None:
    """The first answer without a fault; whatever was heard of others is taken back.

    Raises:
        Unanswerable. Interrupted.
    """
    for answerer in mind.answerers:
        try:
            draft = await answer_of(answerer, asked)
        except Unanswerable:
            await asked.aloud.begin()
            raise
        if draft is not None and not has_faults(draft, asked):
            return draft
        await asked.aloud.begin()
    await asked.aloud.begin()
    return None


async def answer_of(answerer: Answerer, asked: Asked) -> Draft | None:
    """Its answer; what is wrong with it is told, not raised. Raises Interrupted, Unanswerable."""
    try:
        return await answerer.answer(asked)
    except (Interrupted, Unanswerable):
        raise
    except Exception:
        log.exception("bot_answerer_failed", answerer=type(answerer).__name__)
        return None
