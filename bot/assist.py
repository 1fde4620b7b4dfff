"""What an agent could answer, and what is known of a question: drafts that a person decides about.

Made as the bot's answers are and looked at like them (`bot/aloud.py`); nothing here is sent.
"""

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Final, assert_never

from ai.contracts import Msg
from ai.extract.language import language_of
from ai.knowledge.passages import Passage
from bot.aloud import has_faults, hosts_of
from bot.ports import Answerer, Asked, Chat, Draft, Knowledge, Unanswerable, Where
from bot.quoting import BY, quote, speaks, without_links
from bot.talk import question_of
from bot.turn import PASSAGES, answer_of, policy_of
from chorus.wire.asks import Answer, Ask, Piece, Proposal

TO_SAY_S: Final = 0.5
"""Is kept of an ask for quoting, should a model have taken the rest."""


@dataclass(frozen=True, slots=True)
class Assistant:
    """What asks are answered with; `models` in the order in which they are asked."""

    shelf: Knowledge
    chat: Chat
    models: Sequence[Answerer]
    now_s: Callable[[], float]

    async def answer(self, ask: Ask) -> Answer:
        """Raises ChorusError: the chat service cannot be reached, or knows no such conversation."""
        match ask.what:
            case "passages":
                return await self._passages(ask)
            case "replies":
                return await self._replies(ask)
            case _:
                assert_never(ask.what)

    async def _passages(self, ask: Ask) -> Answer:
        found = await self.shelf.search(ask.tenant_id, ask.question, ask.most)
        if found.degraded:
            return Answer(tenant_id=ask.tenant_id, why="knowledge")
        pieces = [_piece(one, text=one.text) for one in found.passages]
        return Answer(tenant_id=ask.tenant_id, confidence=found.confidence, pieces=pieces)

    async def _replies(self, ask: Ask) -> Answer:
        until_s = self.now_s() + ask.answer_ms / 1000 - TO_SAY_S
        nothing = Answer(tenant_id=ask.tenant_id)
        if ask.conversation_id is None:
            return nothing
        where = Where(ask.tenant_id, ask.conversation_id)
        brief = await self.chat.brief(where)
        talk = await self.chat.talk(where, brief.head_seq)
        said = last_said(talk.messages)
        question = "\n".join(one.content for one in said if one.content.strip())
        if not question:
            return nothing
        found = await self.shelf.search(ask.tenant_id, question, PASSAGES)
        if found.degraded:
            return Answer(tenant_id=ask.tenant_id, why="knowledge")
        least = policy_of(brief).confident_at
        asked = Asked(
            where,
            brief,
            question,
            language_of(question, _spoken(talk.messages)),
            tuple(one for one in found.passages if one.confidence >= least),
            talk.messages[: talk.messages.index(said[-1]) + 1],
            until_s,
        )
        drafts = await self._drafts(asked, ask.most) if asked.passages else []
        return Answer(
            tenant_id=ask.tenant_id,
            confidence=found.confidence,
            upto_seq=said[-1].seq,
            proposals=[_proposal(one, asked) for one in drafts],
        )

    async def _drafts(self, asked: Asked, most: int) -> list[Draft]:
        """In a model's words first, then the passages' own; none where a model says that none fits.

        Harm in the question keeps models from it, and no agent from what is known.
        """
        written: list[Draft] = []
        for one in self.models:
            try:
                draft = await answer_of(one, asked)
            except Unanswerable as error:
                if not error.harms:
                    return []
                break
            if draft is not None and not has_faults(draft, asked):
                written = [draft]
                break
        # Looking at each takes milliseconds; turns of customers wait on this loop.
        return (written + await asyncio.to_thread(quotes, asked))[:most]


def last_said(messages: Sequence[Msg]) -> tuple[Msg, ...]:
    """What the customer said last, whoever has spoken since; empty: nothing."""
    upto = max((at for at, one in enumerate(messages, 1) if one.role == "customer"), default=0)
    return question_of(messages[:upto])


def quotes(asked: Asked) -> list[Draft]:
    """Each passage in its own words, best first: those that may be said, each words once."""
    found: dict[str, Draft] = {}
    for one in asked.passages:
        if not speaks(one, asked.language):
            continue
        text = without_links(quote(one, asked.question), hosts_of(asked.brief))
        draft = Draft(text, (one.id,), BY)
        if draft.text not in found and not has_faults(draft, replace(asked, passages=(one,))):
            found[draft.text] = draft
    return list(found.values())


def _spoken(messages: Sequence[Msg]) -> str:
    """The language of the conversation, for a question too short to tell."""
    return language_of("\n".join(one.content for one in messages if one.role == "customer"))


def _proposal(draft: Draft, asked: Asked) -> Proposal:
    cited = [one for one in asked.passages if one.id in draft.cited]
    return Proposal(
        text=draft.text,
        kind="quoted" if draft.by == BY else "written",
        rests_on=[_piece(one) for one in cited],
    )


def _piece(one: Passage, *, text: str = "") -> Piece:
    return Piece(id=one.id, source_id=one.article_id, title=one.title, text=text, score=one.score)
