"""What a model writes is read as it comes, however it is cut."""

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.written import BadAnswer, ModelAnswer, Reading

SENTENCES = st.lists(
    st.fixed_dictionaries(
        {"text": st.text(max_size=40), "passages": st.lists(st.integers(0, 9), max_size=3)}
    ),
    max_size=5,
)


@given(SENTENCES, st.booleans(), st.lists(st.integers(0, 400), max_size=12), st.booleans())
def test_the_same_sentences_come_out_wherever_it_is_cut(
    sentences: list[dict[str, Any]], answerable: bool, cuts: list[int], fenced: bool
) -> None:
    told = {"answerable": answerable, "sentences": sentences}
    written = json.dumps(told)
    written = f"```json\n{written}\n```" if fenced else written
    reading, heard = Reading(), []
    ends = sorted({min(one, len(written)) for one in cuts} | {len(written)})
    for start, end in zip([0, *ends], ends, strict=False):
        heard += reading.take(written[start:end])
    whole = ModelAnswer.model_validate(told)
    assert heard == whole.sentences
    assert reading.refuses is not answerable


@pytest.mark.parametrize(
    "written",
    [
        '{"answerable": true, "sentences": [{"text": 5, "passages": [1]}]}',
        '{"answerable": true, "sentences": [{"text": "a", "passages": [1], "link": "b"}]}',
        '{"answerable": true, "sentences": [{"text": "a"}]}',
        '{"answerable": true, "sentences": [{"text": "a" "passages": [1]}]}',
        '{"answerable": true, "sentences": [{"text": "' + 30_000 * "a",
    ],
)
def test_what_is_no_sentence_is_no_answer(written: str) -> None:
    with pytest.raises(BadAnswer):
        Reading().take(written)


def test_words_of_a_sentence_do_not_say_that_there_is_no_answer() -> None:
    told = {"answerable": True, "sentences": [{"text": '"answerable": false', "passages": [1]}]}
    reading = Reading()
    assert len(reading.take(json.dumps(told))) == 1
    assert not reading.refuses
