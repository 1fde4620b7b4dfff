"""Carries a verdict out: an answer or a handoff under the floor's epoch, never both."""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass
from hashlib import blake2b
from typing import Any, Final
from uuid import UUID

from ai.contracts import Msg
from ai.extract.plain import sentences
from bot.policy import Action, Decision
from bot.ports import BotCard, Chat, Interrupted, Stage, Where
from bot.replies import help_text, reply
from bot.speaking import LATE, SUPERSEDED, Speaking
from bot.talk import META, UPTO
from bot.turn import Mind, Part, Scene, Verdict, scene_of, think
from chorus import metrics
from chorus.ids import uuid7_ms
from chorus.tasks import beside
from chorus.wire.common import MAX_CONTENT_BYTES

NOTHING: Final = "nothing"
STALE_FLOOR: Final = "STALE_FLOOR"
HELP: Final = "help"
_ANSWERED: Final = frozenset({"ID_CONFLICT"})
"""Said before, in other words: a turn that was taken twice."""
Superseded = Callable[[], bool]


@dataclass(frozen=True, slots=True)
class Voice:
    """How a bot is heard."""

    chat: Chat
    stage: Stage
    typing_after_s: float
    answers: bool


def turn_id(question: UUID, what: str) -> UUID:
    """The id of what is said to a question: the same however often the turn is taken."""
    rest = int.from_bytes(blake2b(question.bytes + what.encode(), digest_size=10).digest())
    body = (uuid7_ms(question) << 80) | rest
    body = body & ~(0xF << 76) | 0x7 << 76
    return UUID(int=body & ~(0b11 << 62) | 0b10 << 62)


async def take_turn(mind: Mind, voice: Voice, where: Where, superseded: Superseded) -> str:
    """See whether anything is ours to answer, think, and do it; says what was done.

    Raises:
        ChorusError: the chat service cannot be reached, or refuses; the turn may be taken again.
    """
    brief = await voice.chat.brief(where)
    if brief.bot is None:
        return NOTHING
    talk = await voice.chat.talk(where, brief.head_seq)
    scene = scene_of(where, brief, talk, answers=voice.answers)
    if scene is None:
        return NOTHING
    stream = turn_id(_asked(scene).id, "answer")
    said = Speaking(voice.chat, voice.stage, where, brief.bot, talk, stream, superseded)
    async with said:
        async with beside(_typing(voice, scene, brief.bot)):
            verdict = await _thought(mind, scene, said)
        if isinstance(verdict, Interrupted):
            return verdict.outcome
        if superseded():
            return SUPERSEDED
        return await _done(voice, scene, said, verdict)


async def _thought(mind: Mind, scene: Scene, said: Speaking) -> Verdict | Interrupted:
    try:
        return await think(mind, scene, said)
    except Interrupted as error:
        return error


async def _typing(voice: Voice, scene: Scene, bot: BotCard) -> None:
    """Show that it writes, from a moment on until it has thought."""
    if scene.part is not Part.ANSWERS:
        return
    await asyncio.sleep(voice.typing_after_s)
    await voice.stage.typing(scene.where, bot, on=True)
    try:
        await asyncio.Event().wait()
    finally:
        await voice.stage.typing(scene.where, bot, on=False)


async def _done(voice: Voice, scene: Scene, said: Speaking, verdict: Verdict) -> str:
    action, bot = verdict.decision.action, said.bot
    if scene.part is Part.SUGGESTS:
        return await _suggested(voice, scene, bot, verdict)
    if scene.part is Part.BESIDE and action is not Action.ANSWER:
        return NOTHING
    if action is Action.HANDOFF:
        await said.drop()
        done = await _handed_over(voice, scene, bot, verdict)
    else:
        done = await _said(voice, scene, said, verdict)
    metrics.bot_turns_total.labels(done).inc()
    return done


async def _suggested(voice: Voice, scene: Scene, bot: BotCard, verdict: Verdict) -> str:
    """Propose an answer to agents, where there is one."""
    if verdict.draft is None:
        return NOTHING
    data = message_of(scene, verdict, verdict.draft.text, what="suggestion")
    data |= {"visibility": "agents", "type": "suggestion"}
    code = await voice.chat.say(scene.where, bot, data)
    return _told(code, "suggested")


async def _said(voice: Voice, scene: Scene, said: Speaking, verdict: Verdict) -> str:
    text = text_of(said.bot, verdict)
    data = message_of(scene, verdict, text, what="answer")
    if verdict.draft is not None and not said.said:
        for sentence in sentences(text):
            await said.show(sentence)
    code = await voice.chat.say(scene.where, said.bot, data)
    said.kept = code is None
    return _told(code, verdict.decision.action.value)


async def _handed_over(voice: Voice, scene: Scene, bot: BotCard, verdict: Verdict) -> str:
    """Call a person; what the customer reads of it comes from the handoff, but for words of help."""
    decision = verdict.decision
    if decision.help_text:
        text = help_text(bot.settings, verdict.features.language)
        await voice.chat.say(scene.where, bot, message_of(scene, verdict, text, what=HELP))
    code = await voice.chat.hand_over(scene.where, bot, _handoff_of(scene, decision))
    if code is None:
        metrics.bot_outcomes_total.labels("handed_off").inc()
        for reason in decision.reasons:
            metrics.bot_handoffs_total.labels(reason.value).inc()
    return _told(code, decision.action.value)


def _told(code: str | None, done: str) -> str:
    return done if code is None or code in _ANSWERED else LATE


def text_of(bot: BotCard, verdict: Verdict) -> str:
    """What the customer reads."""
    action, language = verdict.decision.action, verdict.features.language
    if action is Action.SMALLTALK:
        first = not verdict.features.bot_turns
        return reply("hello" if first else "welcome", language, name=bot.name)
    if action is Action.CLARIFY:
        return reply("clarify_file" if verdict.features.wordless else "clarify", language)
    answer = verdict.draft.text if verdict.draft else ""
    if action is Action.OFFER:
        return f"{answer}\n\n{reply('offer', language)}" if answer else _blind(verdict)
    return answer


def _blind(verdict: Verdict) -> str:
    features = verdict.features
    if features.wordless:
        return reply("offer_file", features.language)
    return reply("offer_blind" if features.degraded else "offer_sorry", features.language)


def message_of(scene: Scene, verdict: Verdict, text: str, *, what: str) -> dict[str, Any]:
    """A message of the bot, with what it rests on."""
    id_ = turn_id(_asked(scene).id, what)
    marked: dict[str, Any] = {"action": verdict.decision.action.value, UPTO: _upto(scene, what)}
    if scene.brief.bot is not None:
        marked["id"] = str(scene.brief.bot.id)
    if verdict.draft is not None:
        titles = {one.id: one.title for one in verdict.sources}
        cited = [{"id": one, "title": titles.get(one, "")[:120]} for one in verdict.draft.cited]
        marked |= {"citations": cited, "by": verdict.draft.by}
    return {
        "id": str(id_),
        "role": "bot",
        "content": text.encode()[:MAX_CONTENT_BYTES].decode(errors="ignore"),
        "floor_epoch": scene.talk.floor_epoch,
        "meta": {"stream": str(id_), META: marked},
    }


def _handoff_of(scene: Scene, decision: Decision) -> dict[str, Any]:
    reasons = [one.value for one in decision.reasons]
    return {
        "id": str(turn_id(_asked(scene).id, "handoff")),
        "floor_epoch": scene.talk.floor_epoch,
        "reason": ", ".join(reasons),
        "reasons": reasons,
        "score": decision.score,
        "policy": decision.version,
        "priority": decision.priority,
    }


def _upto(scene: Scene, what: str) -> int:
    """The last message that this answers: words of help answer nothing, a person does."""
    return scene.question[0].seq - 1 if what == HELP else _asked(scene).seq


def _asked(scene: Scene) -> Msg:
    return scene.question[-1]
