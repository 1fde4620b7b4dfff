"""Message by message: `fold(fold(state, a), b)` is `fold(state, a + b)`, because it is a left fold.

Notes, hidden messages and words of the system are not read: a summary may be quoted to customers.
"""

import re
from collections.abc import Iterable, Sequence
from typing import Final

from ai.contracts import Evidence, Fact, Msg, Tried
from ai.extract.facts import Found
from ai.extract.features import Features, Sentence, features_of
from ai.extract.lexicon import WORD
from ai.extract.plain import cut
from ai.extract.state import FACTS_MAX, LINES_MAX, Candidate, Heard, Last, State

QUOTE_CHARS: Final = 300
_STEM_CHARS: Final = 5
_KEEP: Final = 0.4
"""How much of the mood before stays with each message of the customer."""
_EARLY: Final = 0.75
_UNSPACED: Final = re.compile("[\u3040-\u30ff\u4e00-\u9fff]{2}")


def fold(state: State, messages: Iterable[Msg]) -> State:
    """Go on from `state` with later messages, in order of seq."""
    run = _Run(state)
    for message in messages:
        run.take(message)
    return run.state()


class _Run:
    """A state on its way through some messages."""

    def __init__(self, state: State) -> None:
        self._values = {name: getattr(state, name) for name in State.model_fields}
        self._values["languages"] = dict(state.languages)
        self._values["intents"] = dict(state.intents)
        self._places = {
            Found(one.kind, one.value).key: place for place, one in enumerate(state.facts)
        }

    def state(self) -> State:
        return State.model_construct(**self._values)

    def take(self, message: Msg) -> None:
        now = self._values
        now["upto_seq"] = max(now["upto_seq"], message.seq)
        if message.turn:
            self._turn(message)
        elif message.role in ("customer", "agent", "bot"):
            features = features_of(message, self._language())
            if message.role == "customer":
                self._customer(message, features)
            else:
                self._staff(message, features)
            self._facts(message, features)

    def _turn(self, message: Msg) -> None:
        now = self._values
        if message.turn in ("closed", "opened"):
            now["closed"] = message.turn == "closed"
        else:
            now["handoff"] = message.turn

    def _language(self) -> str:
        spoken: dict[str, int] = self._values["languages"]
        return max(sorted(spoken), key=spoken.__getitem__, default="")

    def _customer(self, message: Msg, features: Features) -> None:
        now = self._values
        if features.language:
            languages = now["languages"]
            languages[features.language] = languages.get(features.language, 0) + 1
        now["attachments"] += message.attachments
        now["injected"] |= features.injected
        now["closed"] = False
        for part in features.sentences:
            now["human_requested"] |= "human" in part.tags
            now["urgent"] |= "urgent" in part.tags
        content = _is_content(features)
        if not self._outcome(features):
            self._self_tried(message, features)
        self._questions(message, features, content=content)
        self._issue(message, features)
        weight = _EARLY ** min(now["customer_messages"], 12)
        for name, count in features.intents.items():
            now["intents"][name] = now["intents"].get(name, 0.0) + min(count, 2) * weight
        if features.sentences:
            now["heard"] = _heard(now["heard"], features.mood)
            now["customer_messages"] += 1
        quoted = features.sentences[-1] if features.sentences else None
        evidence = _evidence(message, quoted.text) if quoted else None
        now["last"] = Last(role="customer", settled=content, evidence=evidence)

    def _outcome(self, features: Features) -> bool:
        """Let the customer's word settle the steps that were proposed last; False: it does not."""
        now = self._values
        outcome = _outcome_of(features)
        if not now["proposed"] or outcome == "unknown":
            return False
        settled = [
            one.model_copy(update={"outcome": outcome}) for one in now["tried"][-now["proposed"] :]
        ]
        now["tried"] = (*now["tried"][: -now["proposed"]], *settled)
        now["proposed"] = 0
        return True

    def _self_tried(self, message: Msg, features: Features) -> None:
        for part in features.sentences:
            if "selftried" in part.tags and not part.asks and part.words > 2:
                outcome = _outcome_of(features)
                step = _tried(message, part, "worked" if outcome == "worked" else "failed")
                self._add("tried", step)

    def _questions(self, message: Msg, features: Features, *, content: bool) -> None:
        now = self._values
        if content:
            now["questions"] = ()
        for part in features.sentences:
            if _is_question(part):
                known = _stems(part.text)
                again = [one for one in now["questions"] if _same(known, _stems(one.text))]
                now["questions"] = tuple(one for one in now["questions"] if one not in again)
                self._add("questions", _evidence(message, part.text, again))

    def _issue(self, message: Msg, features: Features) -> None:
        now = self._values
        for place, part in enumerate(features.sentences):
            score = _issue_score(part, features, now["customer_messages"], place)
            if now["issue"] is None or score > now["issue"].score:
                evidence = _evidence(message, part.text)
                now["issue"] = Candidate(score=score, evidence=evidence)

    def _staff(self, message: Msg, features: Features) -> None:
        now = self._values
        proposals = [one for one in features.sentences if _proposes(one)]
        promises = [one for one in features.sentences if _promises(one)]
        for part in proposals:
            self._add("tried", _tried(message, part, "unknown"))
        if proposals:
            now["proposed"] = min(len(proposals), LINES_MAX)
        for part in promises:
            self._add("commitments", _evidence(message, part.text))
        asks = [one for one in features.sentences if one.asks and "defer" not in one.tags]
        self._answer(message, features)
        quoted = (asks or proposals or list(features.sentences))[-1:]
        now["last"] = Last(
            role=message.role,
            asks=bool(asks),
            proposes=bool(proposals),
            promises=bool(promises),
            evidence=_evidence(message, quoted[0].text) if quoted else None,
        )

    def _answer(self, message: Msg, features: Features) -> None:
        """Take away the questions that this reply answers: those it speaks of, else the lot."""
        now = self._values
        said = [one for one in features.sentences if _says_something(one)]
        if not said or features.tagged("unsure"):
            return
        now["answered_seq"] = message.seq
        if not now["questions"]:
            return
        stems = frozenset().union(*(_stems(one.text) for one in said))
        left = tuple(one for one in now["questions"] if not stems & _stems(one.text))
        asked_together = len({one.seqs[-1] for one in now["questions"]}) == 1
        if len(left) == len(now["questions"]):
            whole = asked_together or len(said) >= len(left)
            now["questions"] = () if whole else now["questions"][1:]
        else:
            now["questions"] = left

    def _facts(self, message: Msg, features: Features) -> None:
        now = self._values
        for found in features.facts:
            key = found.key
            if key in self._places:
                self._again(self._places[key], message)
            elif len(now["facts"]) < FACTS_MAX:
                self._places[key] = len(now["facts"])
                fact = Fact(
                    kind=found.kind,
                    value=found.value,
                    source=message.role,
                    message_ids=(message.id,),
                    seqs=(message.seq,),
                )
                now["facts"] = (*now["facts"], fact)

    def _again(self, place: int, message: Msg) -> None:
        """Note where a fact was said for the second time; more places help nobody."""
        facts: tuple[Fact, ...] = self._values["facts"]
        known = facts[place]
        if len(known.seqs) > 1 or known.seqs[0] == message.seq:
            return
        said_again = known.model_copy(
            update={
                "message_ids": (*known.message_ids, message.id),
                "seqs": (*known.seqs, message.seq),
            }
        )
        self._values["facts"] = (*facts[:place], said_again, *facts[place + 1 :])

    def _add(self, name: str, line: Evidence | Tried) -> None:
        self._values[name] = (*self._values[name], line)[-LINES_MAX:]


def _evidence(message: Msg, text: str, before: Sequence[Evidence] = ()) -> Evidence:
    """Quote a sentence; `before` said the same."""
    return Evidence(
        text=cut(text, QUOTE_CHARS),
        message_ids=(*(one.message_ids[0] for one in before), message.id),
        seqs=(*(one.seqs[0] for one in before), message.seq),
    )


def _tried(message: Msg, part: Sentence, outcome: str) -> Tried:
    return Tried(
        action=cut(part.text, QUOTE_CHARS),
        by=message.role,
        outcome="failed" if outcome == "failed" else "worked" if outcome == "worked" else "unknown",
        message_ids=(message.id,),
        seqs=(message.seq,),
    )


def _outcome_of(features: Features) -> str:
    if features.tagged("failed", "notworked"):
        return "failed"
    return "worked" if features.tagged("worked") else "unknown"


def _is_content(features: Features) -> bool:
    """Whether a customer says that it is done: solved, or thanks and nothing more."""
    if any(_is_question(one) for one in features.sentences):
        return False
    if features.tagged("failed", "notworked"):
        return False
    if features.tagged("worked"):
        return True
    short = sum(one.words for one in features.sentences) <= 14
    return short and features.tagged("thanks") and not features.tagged("problem", "human")


def _is_question(part: Sentence) -> bool:
    """A question that wants an answer, and not whether anybody is there."""
    if not part.asks or {"presence", "human", "injection"} & part.tags:
        return False
    return part.words > 2 or bool("interrogative" in part.tags and part.words > 1)


def _proposes(part: Sentence) -> bool:
    """Whether we tell somebody to do something that may help, and not what we need from them."""
    if part.tags & {"defer", "unsure"} or (part.asks and "interrogative" in part.tags):
        return False
    told = "suggest" in part.tags or ("polite" in part.tags and not part.asks)
    return told and "nosuggest" not in part.tags and part.words > 1


def _promises(part: Sentence) -> bool:
    if part.asks or part.tags & {"nocommit", "unsure"}:
        return False
    # To look into something is no promise, to do so by Monday is one.
    return "deadline" in part.tags or ("commit" in part.tags and "defer" not in part.tags)


def _says_something(part: Sentence) -> bool:
    if part.asks or part.tags & {"defer", "unsure"}:
        return False
    return part.words > 3 or not part.tags & {"greeting", "thanks", "ok"}


def _issue_score(part: Sentence, features: Features, place: int, inside: int) -> float:
    """How well a sentence says what it is about; early ones and whole ones say it best."""
    tags = part.tags
    score = 2.0 * ("problem" in tags) + 1.5 * ("request" in tags) + 0.6 * part.asks
    score += 0.5 * any(one.value in part.text for one in features.facts)
    score += 1.0 * (4 <= part.words <= 40) - 1.5 * (part.words < 3)
    score += 3.0 * _EARLY**place - 0.15 * min(inside, 8)
    score -= 1.5 * ("selftried" in tags) + 1.0 * ("failed" in tags and place > 2)
    score -= 6.0 * ("injection" in tags)
    only = tags & {"greeting", "thanks", "presence", "human", "ok"}
    if only and not tags & {"problem"}:
        score -= 2.5 if part.words < 7 or "human" in tags else 0.5
    return round(score, 6)


def _heard(before: Heard, mood: float) -> Heard:
    mood = round(mood, 4)
    now = mood if not before.count else round(_KEEP * before.now + (1 - _KEEP) * mood, 4)
    return Heard(
        count=before.count + 1,
        first=before.first if before.count else mood,
        now=now,
        lowest=min(before.lowest, mood),
    )


def _stems(text: str) -> frozenset[str]:
    """What a sentence is about, roughly: the beginnings of its longer words."""
    lower = text.lower()
    pairs = _UNSPACED.findall(lower)
    return frozenset(one[:_STEM_CHARS] for one in WORD.findall(lower) if len(one) > 3) | set(pairs)


def _same(one: frozenset[str], other: frozenset[str]) -> bool:
    return bool(one and other) and 2 * len(one & other) >= len(one | other)
