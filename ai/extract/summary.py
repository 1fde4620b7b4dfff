"""From a state to what is shown. Every line is quoted or counted; nothing is made up."""

from collections.abc import Iterable, Iterator, Mapping
from typing import Final

from ai.contracts import (
    HEADLINE_CHARS,
    NEXT_STEP_CHARS,
    ConversationSummary,
    Flag,
    Intent,
    Mood,
    Msg,
    Sentiment,
    Status,
    Trend,
    Tried,
    Urgency,
)
from ai.extract.cues import DEFAULT, cues_of
from ai.extract.fold import fold
from ai.extract.plain import cut
from ai.extract.state import Heard, State

EXTRACTOR: Final = "extractive-2"
"""The model that a summary of ours names. Raised whenever the same messages give another one."""
TEXT_CHARS: Final = 900
_LINE_CHARS: Final = 140
_ANGRY: Final = -0.7
_NEGATIVE: Final = -0.25
_POSITIVE: Final = 0.25
_MOVED: Final = 0.3
_INTENT_ENOUGH: Final = 0.5
_SHOWN_FACTS: Final = 6
# Of two that were heard as often, the one that says more of what is wanted.
_INTENTS: Final[tuple[Intent, ...]] = (
    "cancellation",
    "refund",
    "change",
    "account",
    "technical",
    "billing",
    "delivery",
    "product",
    "complaint",
)


def full(messages: Iterable[Msg]) -> ConversationSummary:
    """Summarise a whole conversation."""
    return summarise(fold(State(), messages))


def summarise(state: State) -> ConversationSummary:
    """Say what a state holds."""
    language = _language(state)
    status = _status(state)
    sentiment = _sentiment(state.heard)
    issue = state.issue.evidence if state.issue is not None else None
    return ConversationSummary(
        headline=cut(issue.text, HEADLINE_CHARS) if issue is not None else "",
        issue=issue,
        intent=_intent(state),
        status=status,
        facts=state.facts,
        tried=state.tried,
        open_questions=state.questions,
        commitments=state.commitments,
        sentiment=sentiment,
        urgency=_urgency(state, sentiment),
        next_step=cut(_next_step(state, status, language), NEXT_STEP_CHARS),
        language=language,
        flags=tuple(_flags(state)),
    )


def _language(state: State) -> str:
    return max(sorted(state.languages), key=state.languages.__getitem__, default="")


def _status(state: State) -> Status:
    if state.closed:
        return "resolved"
    if state.handoff == "waiting":
        return "escalated"
    last = state.last
    if last is None:
        return "open"
    if last.role == "customer":
        return "resolved" if last.settled and not _is_owed(state) else "waiting_us"
    if last.asks or last.proposes:
        return "waiting_customer"
    return "waiting_us" if last.promises or state.questions else "waiting_customer"


def _is_owed(state: State) -> bool:
    """Whether we promised something: no thanks for a promise settles it."""
    return bool(state.commitments)


def _sentiment(heard: Heard) -> Sentiment:
    moved = heard.now - heard.first
    trend: Trend = "better" if moved >= _MOVED else "worse" if moved <= -_MOVED else "steady"
    return Sentiment(label=_mood(heard), score=heard.now, lowest=heard.lowest, trend=trend)


def _mood(heard: Heard) -> Mood:
    if heard.now <= _ANGRY or (heard.lowest <= _ANGRY and heard.now <= _NEGATIVE):
        return "angry"
    if heard.now <= _NEGATIVE:
        return "negative"
    return "positive" if heard.now >= _POSITIVE else "neutral"


def _intent(state: State) -> Intent:
    best = max(_INTENTS, key=lambda one: state.intents.get(one, 0.0))
    if state.intents.get(best, 0.0) >= _INTENT_ENOUGH:
        return best
    return "human" if state.human_requested else "other"


def _urgency(state: State, sentiment: Sentiment) -> Urgency:
    if state.urgent or sentiment.label == "angry":
        return "high"
    return "low" if sentiment.label == "positive" else "normal"


def _next_step(state: State, status: Status, language: str) -> str:
    words = cues_of(language or DEFAULT).words
    if status == "resolved":
        return words["nothing_open"]
    if state.questions:
        return words["answer"].format(x=_quoted(state.questions[-1].text))
    failed_at = _failed_at(state)
    if state.commitments and state.commitments[-1].seqs[-1] > failed_at:
        return words["keep_promise"].format(x=_quoted(state.commitments[-1].text))
    if failed_at:
        return words["another_way"]
    last = state.last
    if last is not None and status == "waiting_customer" and last.evidence is not None:
        return words["wait"].format(x=_quoted(last.evidence.text))
    if state.issue is not None:
        issue = state.issue.evidence
        # Who asks for a person although they were answered wants something more.
        was_answered = state.human_requested and state.answered_seq > issue.seqs[-1]
        return words["ask_on" if was_answered else "reply"].format(x=_quoted(issue.text))
    return words["look_at_files" if state.attachments else "say_hello"]


def _failed_at(state: State) -> int:
    """Where the last step was taken, if it did not help; else 0."""
    last = state.tried[-1] if state.tried else None
    return last.seqs[-1] if last is not None and last.outcome == "failed" else 0


def _quoted(text: str) -> str:
    return "«" + cut(text, _LINE_CHARS) + "»"


def _flags(state: State) -> Iterator[Flag]:
    if state.injected:
        yield "injection_suspected"
    if state.human_requested:
        yield "human_requested"
    if state.attachments:
        yield "attachments"
    if state.left_out:
        yield "messages_left_out"


def text_of(summary: ConversationSummary) -> str:
    """The summary in a few lines, labelled in the conversation's own language."""
    words = cues_of(summary.language or DEFAULT).words
    return cut("\n".join(_lines(summary, words)), TEXT_CHARS)


def _lines(summary: ConversationSummary, words: Mapping[str, str]) -> Iterator[str]:
    if summary.issue is not None:
        yield f"{words['about']}: {_short(summary.issue.text)}"
    if summary.facts:
        shown = (one.value for one in summary.facts[:_SHOWN_FACTS])
        yield f"{words['known']}: {', '.join(shown)}"
    if summary.tried:
        yield f"{words['tried']}: {'; '.join(_step(one, words) for one in summary.tried[-3:])}"
    if summary.open_questions:
        asked = (_short(one.text) for one in summary.open_questions[-3:])
        yield f"{words['open']}: {' '.join(asked)}"
    if summary.commitments:
        yield f"{words['promised']}: {_short(summary.commitments[-1].text)}"
    yield f"{words['next']}: {summary.next_step}"


def _short(text: str) -> str:
    return cut(" ".join(text.split()), _LINE_CHARS)


def _step(tried: Tried, words: Mapping[str, str]) -> str:
    said = _short(tried.action)
    return f"{said} ({words[tried.outcome]})" if tried.outcome in words else said
