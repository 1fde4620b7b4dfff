"""Score summaries field by field against the golden conversations, and hold them to their gates."""

from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from ai.contracts import ConversationSummary, Msg
from ai.extract.plain import plain
from ai.extract.summary import full
from evals.gates import fallen, missed
from evals.golden import Golden

Summariser = Callable[[Iterable[Msg]], ConversationSummary]
GATES: Final[Mapping[str, float]] = {
    "fact precision": 1.00,
    "fact recall": 0.90,
    "issue hit@1": 0.80,
    "tried F1": 0.75,
    "open question F1": 0.80,
    "status": 0.85,
}
"""At least this much, on the held-out half as well as on all."""
CLAIMS: Final = "unsupported claims"
"""At most none."""
_JUDGED_FLAGS: Final = frozenset({"injection_suspected", "attachments"})


@dataclass(slots=True)
class Tally:
    """Counts of right, made up, and missed for one field."""

    right: int = 0
    made_up: int = 0
    missed: int = 0

    def add(self, found: Counter[Any], wanted: Counter[Any]) -> None:
        right = sum((found & wanted).values())
        self.right += right
        self.made_up += sum(found.values()) - right
        self.missed += sum(wanted.values()) - right

    @property
    def precision(self) -> float:
        return self.right / (self.right + self.made_up) if self.right + self.made_up else 1.0

    @property
    def recall(self) -> float:
        return self.right / (self.right + self.missed) if self.right + self.missed else 1.0

    @property
    def f1(self) -> float:
        both = 2 * self.right + self.made_up + self.missed
        return 2 * self.right / both if both else 1.0


@dataclass(slots=True)
class Score:
    """What came of some conversations."""

    conversations: int = 0
    tallies: dict[str, Tally] = field(default_factory=dict)
    unsupported: int = 0
    misses: list[str] = field(default_factory=list)
    """One line for each field of each conversation that is not as wanted."""

    def figures(self) -> dict[str, float]:
        """The measures, rounded as they are committed."""
        tally = self.tallies.get
        none = Tally()
        shown = {
            "fact precision": tally("facts", none).precision,
            "fact recall": tally("facts", none).recall,
            "issue hit@1": tally("issue", none).recall,
            "tried F1": tally("tried", none).f1,
            "tried outcome": tally("outcome", none).recall,
            "open question F1": tally("open", none).f1,
            "promise F1": tally("promised", none).f1,
            "status": tally("status", none).recall,
            "intent": tally("intent", none).recall,
            "mood": tally("mood", none).recall,
            "language": tally("language", none).recall,
            "flags F1": tally("flags", none).f1,
            CLAIMS: float(self.unsupported),
        }
        return {name: round(value, 4) for name, value in shown.items()}

    def judge(self, name: str, case: str, found: Iterable[Any], wanted: Iterable[Any]) -> None:
        one, other = Counter(found), Counter(wanted)
        self.tallies.setdefault(name, Tally()).add(one, other)
        if one != other:
            self.misses.append(f"{case} {name}: {sorted(one)} instead of {sorted(other)}")


def score(cases: Sequence[Golden], summariser: Summariser = full) -> Score:
    """Summarise each conversation and compare."""
    result = Score()
    for case in cases:
        _compare(result, case, summariser(case.messages))
    return result


def _compare(result: Score, case: Golden, found: ConversationSummary) -> None:
    result.conversations += 1
    for name, (shown, wanted) in _fields(case, found).items():
        result.judge(name, case.id, shown, wanted)
    for claim in unsupported(case.messages, found):
        result.unsupported += 1
        result.misses.append(f"{case.id} unsupported: {claim}")


def _fields(
    case: Golden, found: ConversationSummary
) -> dict[str, tuple[Iterable[Any], Iterable[Any]]]:
    """What is judged of a conversation, as found and as wanted."""
    wanted = case.wanted
    tried, outcomes = {one.seqs[0]: one.outcome for one in found.tried}, dict(wanted.tried)
    both = sorted(set(tried) & set(outcomes))
    hit = found.issue is not None and found.issue.seqs[0] in wanted.issue
    promised = {one.seqs[-1] for one in found.commitments}
    fields: dict[str, tuple[Iterable[Any], Iterable[Any]]] = {
        "facts": ([f"{one.kind}:{one.value}" for one in found.facts], wanted.facts),
        "tried": (tried.keys(), outcomes.keys()),
        "outcome": ([(at, tried[at]) for at in both], [(at, outcomes[at]) for at in both]),
        "open": ({one.seqs[-1] for one in found.open_questions}, wanted.open),
        "status": ([found.status], [wanted.status]),
        "flags": (set(found.flags) & _JUDGED_FLAGS, wanted.flags),
    }
    fields |= {"issue": ([hit], [True])} if wanted.issue else {}
    fields |= {"promised": (promised, wanted.promised)} if wanted.promised is not None else {}
    fields |= {"intent": ([found.intent], [wanted.intent])} if wanted.intent else {}
    fields |= {"mood": ([found.sentiment.label], [wanted.mood])} if wanted.mood else {}
    fields |= {"language": ([found.language], [case.language])} if case.language else {}
    return fields


def unsupported(messages: Sequence[Msg], found: ConversationSummary) -> list[str]:
    """Lines of a summary that do not stand in the public messages they name."""
    said = {one.seq: plain(one.content) for one in messages if one.role != "note"}
    lines = [(one.value, one.seqs[0]) for one in found.facts]
    lines += [(one.action, one.seqs[0]) for one in found.tried]
    quotes = [*found.open_questions, *found.commitments, *([found.issue] if found.issue else [])]
    lines += [(one.text, one.seqs[-1]) for one in quotes]
    return [text for text, seq in lines if text.removesuffix("…") not in said.get(seq, "")]


def below(figures: Mapping[str, float], baseline: Mapping[str, float]) -> list[str]:
    """Why these figures must not go in: gates they miss, and what was better before."""
    faults = missed(figures, GATES)
    if figures[CLAIMS]:
        faults.append(f"{figures[CLAIMS]:.0f} claims stand in no message")
    return [*faults, *fallen(figures, baseline, apart_from=(CLAIMS,))]
