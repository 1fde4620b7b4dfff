"""The evaluation of whole turns of the bot: what it counts, and that a worse bot misses its gates."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest

from bot.chat import GrpcChat, principal_of
from bot.policy import Action, Reason
from bot.ports import BotCard
from chorus.errors import Forbidden
from chorus.ids import uuid7
from chorus.wire.calls import (
    AccessRequest,
    ActRequest,
    HeadsRequest,
    IngestRequest,
    ReceiptsRequest,
)
from evals import bot_score
from evals.bot import Came, Case, Kind, Outcome, outcomes
from evals.bot_score import CONTAINED, FAILED, FALSE_HANDOFFS, MADE_UP, WRONG, counts, score
from evals.desk import Desk
from evals.golden import BadGolden
from evals.report import PAGE, committed

pytestmark = pytest.mark.anyio
ROBIN = BotCard(UUID(int=9), "Robin")
ARTICLES = """
- id: returns
  title: Returning an item
  text: "You can return an item within 30 days of delivery. Return shipping is free in Germany."
  near: ["How many days do I have for returning an item?", "Is return shipping free in Germany?"]
  para: ["the lamp is not for me", "must it go back soon"]
  typos: ["how many days for returnin an itme", "is retrun shiping free"]
- id: wood
  title: Looking after wood
  text: "Oil a table of oak twice a year, and never leave it in the rain."
  near: ["How often do I oil a table of oak?", "May the table of oak stand in the rain?"]
  para: ["my desk looks dry", "is it good outdoors"]
  typos: ["how oftn do I oil the tabel", "tabel of oak in the rian"]
  held_out: true
"""
OUTSIDE = (
    '- {near: false, held_out: false, language: en, ask: ["Who won the world cup in 1998?"]}\n'
)
WISHES = "confidence: 0.8\ncases: ['c: I want to talk to a human => handoff']\n"
ALIKE = "confidence: 0.8\ncases: ['c: What is a user agent string? => answer']\n"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Two articles of one language, with their questions, a stranger, a wish and its look-alike."""
    for name, text in {
        "knowledge/en": ARTICLES,
        "knowledge/out_of_domain": OUTSIDE,
        "handoff/explicit": WISHES,
        "handoff/hard_negative": ALIKE,
    }.items():
        path = tmp_path / f"{name}.yaml"
        path.parent.mkdir(exist_ok=True)
        path.write_text(text)
    return tmp_path


def figures(folder: Path, **policy: Any) -> Mapping[str, float]:
    return score(outcomes(folder, {"policy": policy})).figures()


def test_every_question_and_wish_of_the_golden_sets_is_asked() -> None:
    asked = [one.case for one in outcomes()]
    known = [one for one in asked if one.kind is Kind.KNOWN]
    unknown = [one for one in asked if one.kind is Kind.UNKNOWN]
    assert len(known) >= 240 and len({one.language for one in known}) >= 9
    assert len(unknown) >= 80 and all(one.language for one in unknown)
    assert sum(one.kind is Kind.WISH for one in asked) >= 75
    assert sum(one.kind is Kind.LOOKALIKE for one in asked) >= 26
    for kind in Kind:
        assert {one.held_out for one in asked if one.kind is kind} == {True, False}


def test_turns_are_real_and_come_to_what_a_customer_gets(folder: Path) -> None:
    came = {one.case.text: one for one in outcomes(folder)}
    right = came["How many days do I have for returning an item?"]
    assert (right.came, right.cited, right.contained) == (Came.RIGHT, "Returning an item", True)
    assert came["Who won the world cup in 1998?"].came is Came.ASKED_BACK
    wish = came["I want to talk to a human"]
    assert (wish.came, wish.reasons, wish.heard_a_wish) == (Came.PERSON, ("asked",), True)
    assert not came["What is a user agent string?"].heard_a_wish
    assert came["my desk looks dry"].held_out and not right.held_out


def test_a_bot_that_answers_whatever_is_asked_is_noticed(folder: Path) -> None:
    careless, usual = figures(folder, confident_at=-1.0), figures(folder)
    assert (usual[MADE_UP], careless[MADE_UP]) == (0.0, 1.0)
    assert careless[WRONG] > usual[WRONG] == 0.0
    assert any(MADE_UP in one for one in bot_score.faults(careless, {}))


def test_a_bot_that_never_answers_is_noticed(folder: Path) -> None:
    silent = figures(folder, confident_at=1.0, clarifications_max=100)
    assert silent[CONTAINED] < figures(folder)[CONTAINED]
    assert any(CONTAINED in one for one in bot_score.faults(silent, {}))


def test_a_bot_that_always_calls_a_person_is_noticed(folder: Path) -> None:
    eager = figures(folder, handoff_at=0)
    assert (eager[FALSE_HANDOFFS], eager[CONTAINED]) == (1.0, 0.0)
    assert any(FALSE_HANDOFFS in one for one in bot_score.faults(eager, {}))


def test_an_answer_beside_an_offer_is_right_and_not_contained(folder: Path) -> None:
    offered = outcomes(folder, {"policy": {"offer_at": 0}})
    found = score(offered)
    assert found.came[Kind.KNOWN, Came.RIGHT] > 0
    assert found.figures()[CONTAINED] == 0.0


def outcome(kind: Kind, came: Came, *reasons: str, action: str = "", language: str = "") -> Outcome:
    case = Case(kind, "Where is it?", language, held_out=False, name="one")
    return Outcome(case, came, action, reasons, "")


def test_a_wish_that_is_missed_or_made_up_misses_a_gate() -> None:
    heard = outcome(Kind.WISH, Came.PERSON, Reason.ASKED, action=Action.HANDOFF)
    missed = outcome(Kind.WISH, Came.ASKED_BACK, action=Action.CLARIFY)
    made_up = outcome(Kind.LOOKALIKE, Came.PERSON, Reason.ASKED, action=Action.HANDOFF)
    found = score([heard, missed, made_up])
    told = found.figures()
    assert (told["explicit recall"], told["explicit precision"]) == (0.5, 0.5)
    assert {one.split(" is ")[0] for one in bot_score.faults(told, {})} >= {
        "explicit recall",
        "explicit precision",
    }
    assert found.misses == [
        "one: 'Where is it?': asked back",
        "one: 'Where is it?': person (asked)",
    ]


def test_one_failed_turn_misses_a_gate() -> None:
    told = score([outcome(Kind.UNKNOWN, Came.FAILED)]).figures()
    assert told[FAILED] == 1.0
    assert any(one.startswith(FAILED) for one in bot_score.faults(told, {}))


def test_what_falls_and_what_rises_is_told_and_noise_is_not() -> None:
    good = {**score([]).figures(), CONTAINED: 0.9, WRONG: 0.05}
    assert bot_score.faults(good, good) == []
    assert bot_score.faults(good, {**good, CONTAINED: 0.91, WRONG: 0.04}) == []
    assert bot_score.faults(good, {**good, CONTAINED: 0.95}) == [
        f"{CONTAINED} fell from 0.95 to 0.90"
    ]
    assert bot_score.faults(good, {**good, WRONG: 0.01}) == [f"{WRONG} rose from 0.01 to 0.05"]


def test_counts_are_told_by_half_and_by_language() -> None:
    told = counts(
        [
            outcome(Kind.KNOWN, Came.RIGHT, action=Action.ANSWER, language="de"),
            outcome(Kind.UNKNOWN, Came.WRONG, action=Action.ANSWER, language="ja"),
            outcome(Kind.WISH, Came.PERSON, Reason.ASKED, action=Action.HANDOFF),
        ]
    ).splitlines()
    assert "| dev | 1 | 1 | 0 | 0 | 0 | 0 | 1 | 1 | 0 |" in told
    assert "| held out | 0 | 0 | 0 | 0 | 0 | 0 | 0 | 0 | 0 |" in told
    assert "| `de` | 1 | 1 | 0 | 0 | 0 | 0 | 0 | 0 | 0 |" in told
    assert "| `ja` | 0 | 0 | 0 | 0 | 0 | 0 | 1 | 1 | 0 |" in told
    assert "| all | 1 | 0 | 2 | 0 |" in told


def test_the_page_shows_the_committed_figures() -> None:
    table = PAGE.read_text().partition("<!-- bot -->")[2].partition("<!-- /bot -->")[0]
    for name, value in committed()["bot"]["all"].items():
        row = next(line for line in table.splitlines() if line.startswith(f"| {name} |"))
        assert f"{value:.2f}" in row


def test_a_question_of_no_language_is_no_golden_one(folder: Path) -> None:
    (folder / "knowledge" / "out_of_domain.yaml").write_text(OUTSIDE.replace("language: en, ", ""))
    with pytest.raises(BadGolden, match="language"):
        outcomes(folder)


async def test_the_desk_refuses_what_the_chat_service_would() -> None:
    desk = Desk(ROBIN)
    chat, where = GrpcChat(desk), desk.open("Where is it?")
    first = {"id": str(uuid7()), "role": "bot", "content": "Here.", "floor_epoch": 1}
    assert await chat.say(where, ROBIN, first) is None
    assert await chat.say(where, ROBIN, first | {"id": str(uuid7()), "floor_epoch": 2}) == (
        "STALE_FLOOR"
    )
    over = {"id": str(uuid7()), "floor_epoch": 1, "reason": "asked", "reasons": ["asked"]}
    assert await chat.hand_over(where, ROBIN, over) is None
    assert (await chat.brief(where)).session == "queued"
    assert await chat.say(where, ROBIN, first | {"id": str(uuid7())}) == "STALE_FLOOR"
    assert [one["content"] for one in desk.threads[where.conversation_id].said("bot")] == ["Here."]
    talk = await chat.talk(where, 2)
    assert ([one.role for one in talk.messages], talk.floor_holder) == (
        ["customer", "bot"],
        "none",
    )


async def test_the_desk_answers_nobody_but_a_bot() -> None:
    desk = Desk(ROBIN)
    where = desk.open("Where is it?")
    who = principal_of(where.tenant_id, ROBIN.id)
    typing = ActRequest(who, where.conversation_id, "", "typing", {"state": "start"})
    nowhere = ActRequest(who, None, "", "bot.brief", {})
    for asked in (
        desk.act(typing),
        desk.act(nowhere),
        desk.access(AccessRequest(who, [])),
        desk.heads(HeadsRequest([])),
        desk.ingest(IngestRequest([])),
        desk.receipts(ReceiptsRequest([])),
    ):
        with pytest.raises(Forbidden):
            await asked
