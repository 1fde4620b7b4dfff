"""Phrases in the words of a sentence."""

import json
from pathlib import Path

import pytest

from ai.extract import cues
from ai.extract.lexicon import WORD, lexicon_of

FILES = Path(cues.__file__).parent / "cues"


def tags(phrase: str, text: str) -> list[tuple[str, int]]:
    hits = lexicon_of({"x": [phrase]}).hits(text, WORD.findall(text))
    return [(hit.tag, hit.weight) for hit in hits]


@pytest.mark.parametrize(
    ("phrase", "text", "count"),
    [
        ("not work", "it does not work", 1),
        ("not work", "it does not", 0),
        ("work*", "working works", 2),
        ("ne * pas", "je ne le vois pas", 1),
        ("ne * pas", "je ne sais pas", 1),
        ("ne * pas", "je ne pas", 0),
        ("charged twice", "charged once", 0),
        ("届", "まだ届きません", 1),
        ("届", "nothing of it", 0),
        ("مشكلة*", "عندي مشكلة", 1),
    ],
)
def test_a_phrase_is_found_where_it_stands(phrase: str, text: str, count: int) -> None:
    assert len(tags(phrase, text)) == count


def test_a_phrase_may_weigh_more() -> None:
    assert tags("terrible:3", "a terrible day") == [("x", 3)]


def test_every_language_knows_the_same_cues_and_words() -> None:
    read = {one: json.loads((FILES / f"{one}.json").read_text()) for one in cues.LANGUAGES}
    english = read["en"]
    for language, found in read.items():
        assert set(found["cues"]) == set(english["cues"]), language
        assert set(found["words"]) == set(english["words"]), language
        assert all(
            text.count("{x}") == english["words"][name].count("{x}")
            for name, text in found["words"].items()
        )


def test_an_unknown_language_is_helped_out_in_english() -> None:
    assert cues.cues_of("xx") is cues.cues_of("en")
