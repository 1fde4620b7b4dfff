"""Words of texts and of queries: cut alike, whatever the script."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chat_service.search_words import indexed, snippet, wanted


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("Hello, World!", "hello world"),
        ("Straße GRÖSSE", "strasse grösse"),
        (
            "order CH-48210 at https://shop.example/a?b=1",
            "order ch 48210 at https shop example a b 1",
        ),
        ("ﬁne ①", "fine 1"),
        ("  \n\t", ""),
        ("!!! ???", ""),
        ("שלום עולם", "שלום עולם"),
    ],
)
def test_a_text_is_its_words(text: str, words: str) -> None:
    assert indexed(text) == words


def test_scripts_without_spaces_become_pairs_of_plain_letters() -> None:
    words = indexed("東京都 tokyo").split()
    assert len(words) == 4
    assert words[-1] == "tokyo"
    assert all(word.isascii() and word.isalpha() for word in words)
    assert words[0].startswith(words[0][:7])
    assert indexed("ก็ได้") != indexed("ก็ดี")


@pytest.mark.parametrize(
    ("written", "query"),
    [
        ("lost parcel", "(lost) & (parcel:*)"),
        ("lost parcel ", "(lost) & (parcel)"),
        ('"lost parcel"', "(lost <-> parcel)"),
        ("parcel -blue", "(parcel) & !((blue:*))"),
        ("CH-48210", "(ch <-> 48210:*)"),
        ("it's", "(it <-> s:*)"),
        ("a' & b | !c:*", "(a) & (b) & (c:*)"),
        ("\\'); DROP", "(drop:*)"),
    ],
)
def test_a_query_is_read_as_people_write_it(written: str, query: str) -> None:
    found = wanted(written)
    assert found is not None
    assert found.query == query


@pytest.mark.parametrize("written", ["", "   ", "!!!", "-", "-word", '""', "'\"&|"])
def test_a_query_without_a_word_is_none(written: str) -> None:
    assert wanted(written) is None


@given(st.text(max_size=300))
def test_no_query_holds_more_than_words_and_our_own_operators(written: str) -> None:
    found = wanted(written)
    if found is not None:
        bare = found.query
        for operator in ("<->", ":*", "&", "!", "(", ")", " "):
            bare = bare.replace(operator, "")
        assert all(char.isalnum() or char.isidentifier() or not char.isascii() for char in bare)


@pytest.mark.parametrize(
    ("content", "shown", "hits"),
    [
        ("The Parcel and the parcels", ("parcel",), ["Parcel", "parcel"]),
        ("unparceled", ("parcel",), []),
        ("我在東京都", ("東京",), ["東京"]),
        ("a" * 300 + " parcel " + "b" * 300, ("parcel",), ["parcel"]),
        ("50% (net) off", ("(net)",), ["(net)"]),
        ("50% (net) off", ("net",), ["net"]),
    ],
)
def test_a_snippet_marks_what_was_looked_for(
    content: str, shown: tuple[str, ...], hits: list[str]
) -> None:
    pieces = snippet(content, shown)
    assert [one.text for one in pieces if one.hit] == hits
    assert sum(len(one.text) for one in pieces) <= 170


@given(st.text(), st.text(max_size=20))
def test_a_snippet_is_a_part_of_the_text(content: str, word: str) -> None:
    joined = "".join(one.text for one in snippet(content, (word,))).strip("…")
    assert joined.strip("…") in " ".join(content.split()) + "…"
