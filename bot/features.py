"""What the policy looks at, out of a conversation. Pure: messages in, numbers out."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import groupby, pairwise
from typing import Final
from uuid import UUID

from ai.contracts import Msg
from ai.extract.features import Features, Sentence, features_of
from ai.extract.lexicon import WORD
from ai.extract.plain import plain
from ai.guards.moderation import Harm, harms_in
from ai.intent.asks import asks_for_person
from ai.intent.consent import Consent, consent_of
from ai.intent.matters import SAFETY, matters_of
from ai.traits.mood import mean_of, mood_of

OFFERED: Final = "offer"
CLARIFIED: Final = "clarify"
_NOBODY: Final = UUID(int=0)
_STEM_CHARS: Final = 5
_GRAM_CHARS: Final = 3
_SAME: Final = 0.6
_SORE: Final = -0.25
_FEW_WORDS: Final = 3
_TALK_TAGS: Final = frozenset({"greeting", "thanks", "ok"})
_TALK_WORDS_MAX: Final = 6
_WANT_TAGS: Final = frozenset({"request", "interrogative", "problem", "failed", "notworked"})
_NO_PROBLEM: Final = frozenset({"problem", "negation"})
_NO_PROBLEM_WORDS_MAX: Final = 4
_END_CHARS: Final = 240


@dataclass(frozen=True, slots=True)
class TurnFeatures:
    """A turn of the customer, and what led to it."""

    language: str = ""
    """ISO 639-1; empty: too little was said to tell."""
    asked: bool = False
    """They ask for a person."""
    accepted: bool = False
    """They were offered a person, and say yes."""
    matters: frozenset[str] = frozenset()
    threatening: bool = False
    injected: bool = False
    """Somebody tries to give orders: nothing but the knowledge base is used."""
    smalltalk: bool = False
    """Hello, thanks, all right: nothing is asked."""
    wordless: bool = False
    """Files and not a word: somebody has to look at them."""
    mood: float = 0.0
    """Of this turn; from -1 to 1."""
    mood_mean: float = 0.0
    repetition: float = 0.0
    """How much of it was said before; from 0 to 1."""
    failed_remedies: int = 0
    unresolved: int = 0
    """Turns before this one, in a row, whose answer did not help."""
    clarifications: int = 0
    """Questions back in a row, directly before."""
    bot_turns: int = 0
    offered: bool = False
    """A person was offered before."""
    refused_ago: int | None = None
    """Turns since they would rather not have a person."""
    confidence: float = 0.0
    """Of the answer that was found; 0: none."""
    degraded: bool = False
    """What should have answered is out of reach, and something less did."""
    failed: bool = False
    suspended: bool = False


@dataclass(frozen=True, slots=True)
class Turn:
    """What one side said before the other did; `action` is the bot's own."""

    role: str
    texts: tuple[str, ...]
    action: str = ""
    files: int = 0

    @property
    def text(self) -> str:
        return "\n".join(self.texts)


def turns_of(talk: Sequence[Msg], actions: Mapping[int, str]) -> list[Turn]:
    """The turns of customer and bot since a person last spoke; `actions` by seq.

    Words of people, notes and events are not looked at: who was helped by a person starts anew.
    """
    since = 0
    for at, one in enumerate(talk):
        if one.role == "agent":
            since = at + 1
    heard = [one for one in talk[since:] if one.role in ("customer", "bot") and not one.turn]
    return [_turn(role, list(some), actions) for role, some in groupby(heard, lambda one: one.role)]


def _turn(role: str, said: list[Msg], actions: Mapping[int, str]) -> Turn:
    return Turn(
        role,
        tuple(one.content for one in said),
        actions.get(said[-1].seq, ""),
        sum(one.attachments for one in said),
    )


def features_of_turn(turns: Sequence[Turn], language: str = "") -> TurnFeatures:
    """Look at the last turn, which is the customer's, in the light of those before."""
    heard = [_heard(one, language) for one in turns]
    spoken = next((one.language for one in reversed(heard) if one.language), language)
    last, now = turns[-1], heard[-1]
    held_out = len(turns) > 1 and turns[-2].action == OFFERED
    customers = [one for turn, one in zip(turns, heard, strict=True) if turn.role == "customer"]
    wordless = last.files > 0 and not any(map(str.isalnum, last.text))
    moods = [mood_of(turn.text, language) for turn in turns if turn.role == "customer"]
    pieces = list(_pieces(last))
    found = TurnFeatures(
        language=spoken,
        asked=any(map(asks_for_person, pieces)),
        accepted=held_out and consent_of(last.text) is Consent.YES,
        matters=frozenset[str]().union(*map(matters_of, pieces)),
        injected=now.injected,
        smalltalk=_is_smalltalk(now) and not wordless,
        wordless=wordless,
        mood=moods[-1],
        mood_mean=mean_of(moods),
        repetition=_repetition(turns),
        failed_remedies=sum(one.tagged("failed", "notworked") for one in customers),
        unresolved=_unresolved(turns, heard),
        clarifications=_clarifications(turns),
        bot_turns=sum(one.role == "bot" for one in turns),
        offered=any(one.action == OFFERED for one in turns),
        refused_ago=_refused_ago(turns),
    )
    return with_harms(found, frozenset[str]().union(*map(harms_in, pieces)))


def with_harms(features: TurnFeatures, harms: frozenset[str]) -> TurnFeatures:
    """What harms in a turn come to, whoever found them; `harms` as `ai.guards.moderation.Harm`."""
    safety = {SAFETY} if Harm.SELF_HARM in harms else set[str]()
    threatening = features.threatening or Harm.THREAT in harms
    return replace(features, matters=features.matters | safety, threatening=threatening)


def _pieces(turn: Turn) -> Iterator[str]:
    """Each message, and the end of a long one: below a pasted log stands what is wanted."""
    for one in turn.texts:
        yield one
        if len(one) > _END_CHARS:
            _, _, end = one[-_END_CHARS:].partition("\n")
            yield end


def _heard(turn: Turn, language: str) -> Features:
    return features_of(Msg(id=_NOBODY, seq=0, role="customer", content=turn.text), language)


def _is_smalltalk(heard: Features) -> bool:
    """Whether every sentence only greets, thanks or agrees; nothing at all is no question either."""
    return not heard.facts and all(map(_only_talks, heard.sentences))


def _only_talks(part: Sentence) -> bool:
    short = not part.asks and part.words <= _TALK_WORDS_MAX
    return bool(part.tags & _TALK_TAGS) and short and not _wants(part)


def _wants(part: Sentence) -> bool:
    """Whether words of a wish or of trouble stand beside the greeting: many write no question mark."""
    wants = part.tags & _WANT_TAGS
    if "greeting" in part.tags:
        return bool(wants)
    if part.tags >= _NO_PROBLEM and part.words <= _NO_PROBLEM_WORDS_MAX:
        wants -= {"problem"}
    # Who thanks for a refund wants none.
    return bool(wants - {"request"} if "thanks" in part.tags else wants)


def _refused_ago(turns: Sequence[Turn]) -> int | None:
    """Turns of the customer since one that turned an offer down; 0: this one."""
    ago: int | None = None
    for before, turn in pairwise(turns):
        if turn.role != "customer":
            continue
        ago = None if ago is None else ago + 1
        if before.action == OFFERED and consent_of(turn.text) is Consent.NO:
            ago = 0
    return ago


def _clarifications(turns: Sequence[Turn]) -> int:
    count = 0
    for turn in reversed(turns[:-1]):
        if turn.role == "bot" and turn.action != CLARIFIED:
            break
        count += turn.role == "bot"
    return count


def _unresolved(turns: Sequence[Turn], heard: Sequence[Features]) -> int:
    """Turns of the customer in a row, this one left out, that came to nothing."""
    count = 0
    customers = [at for at, turn in enumerate(turns) if turn.role == "customer"]
    for at, following in reversed(list(pairwise(customers))):
        if _is_smalltalk(heard[at]):
            continue
        if not _came_to_nothing(turns, heard, at, following):
            break
        count += 1
    return count


def _came_to_nothing(
    turns: Sequence[Turn], heard: Sequence[Features], at: int, following: int
) -> bool:
    """Whether the bot had no answer, or the customer goes on about the same."""
    unanswered = turns[following - 1].action in (CLARIFIED, OFFERED)
    failed = heard[following].tagged("failed", "notworked") or heard[following].mood <= _SORE
    return unanswered or failed or likeness(turns[at].text, turns[following].text) >= _SAME


def _repetition(turns: Sequence[Turn]) -> float:
    """How alike this turn and the likest of the customer's before are."""
    said = [one.text for one in turns if one.role == "customer"]
    return max((likeness(said[-1], one) for one in said[:-1]), default=0.0)


def likeness(one: str, other: str) -> float:
    """Shared word stems (in scripts without blanks: letters in threes) of the shorter text."""
    first, second = _grams(one), _grams(other)
    fewer = min(len(first), len(second))
    if fewer < _FEW_WORDS:
        return 1.0 if first and first == second else 0.0
    return len(first & second) / fewer


def _grams(text: str) -> frozenset[str]:
    lower = plain(text).lower()
    if any("\u3040" <= one <= "\u9fff" for one in lower):
        return frozenset(lower[at : at + _GRAM_CHARS] for at in range(len(lower) - _GRAM_CHARS + 1))
    return frozenset(word[:_STEM_CHARS] for word in WORD.findall(lower) if len(word) > _GRAM_CHARS)
