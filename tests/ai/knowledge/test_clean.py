import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ai.knowledge.clean import (
    SOURCE_BYTES_MAX,
    Refused,
    clean_markdown,
    clean_text,
    read_text,
)
from tests.support.examples import examples


@pytest.mark.parametrize(
    ("data", "sentence"),
    [
        (b"%PDF-1.7 ...", "a PDF"),
        (b"PK\x03\x04word/document.xml", "Zip or Office"),
        (b"\x89PNG\r\n\x1a\n", "an image"),
        (b"\x7fELF\x02\x01", "a program"),
        (b"text \x00 with a NUL", "binary"),
        (b"\x01\x02\x03\x04 \x05\x06 a", "binary"),
        ("größe".encode("latin-1"), "UTF-8"),
        (b"  \n\t --- ***", "no word"),
        (b"", "no word"),
    ],
)
def test_what_is_no_text_is_refused_with_a_sentence(data: bytes, sentence: str) -> None:
    with pytest.raises(Refused, match=sentence):
        read_text(data)


def test_fifty_megabytes_are_refused_and_the_sentence_says_what_to_do() -> None:
    with pytest.raises(Refused, match=r"50\.0 MB; a source may have 2 MB\. Split it"):
        read_text(b"a" * 50_000_000)
    assert len(read_text(b"a " * (SOURCE_BYTES_MAX // 2))) == SOURCE_BYTES_MAX


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16"])
def test_text_is_read_in_every_encoding_that_says_what_it_is(encoding: str) -> None:
    assert read_text("Größe – サイズ".encode(encoding)) == "Größe – サイズ"


def test_letters_that_are_longer_in_lower_case_shift_nothing() -> None:
    said = 20 * "İade "
    cleaned = clean_markdown(f"{said}</script> a <script>steal()</script>kept <style>b</style>too")
    assert cleaned.text == f"{said}a kept too"


def test_scripts_go_with_all_that_is_in_them_and_are_counted() -> None:
    cleaned = clean_markdown(
        "# Hi\n<script>steal()</script> kept <SCRIPT src='x'>\nmore()</script\n> and"
        " <style>p{}</style><iframe src=//evil></iframe>this <b onclick=x()>bold</b>"
    )
    assert cleaned.text.split() == ["#", "Hi", "kept", "and", "this", "bold"]
    assert cleaned.removed == ("2 × <script>", "1 × <style>", "1 × <iframe>")


@pytest.mark.parametrize(
    "hidden",
    [
        "<script>never closed",
        "<!-- never closed",
        "<!-- closed --> ",
        "&lt;img src=x onerror=steal()&gt;",
        "<img src=x onerror=steal()>",
        "<a href='javascript:steal()'></a>",
    ],
)
def test_nothing_that_could_run_is_left(hidden: str) -> None:
    for cleaned in (clean_markdown(f"before {hidden}"), clean_text(f"before {hidden}")):
        assert cleaned.text == "before"


def test_links_are_kept_when_they_lead_somewhere_and_never_when_they_run() -> None:
    cleaned = clean_markdown(
        "[a](https://shop.example/a) [b](javascript:steal()) [c](data:text/html,x) ![d](e.png)"
        " <https://shop.example> [f](/help 'title')"
    )
    assert cleaned.text == "a (https://shop.example/a) b c d https://shop.example f"
    assert cleaned.removed == ("2 × links that could run",)


def test_front_matter_emphasis_and_what_nobody_sees_are_gone() -> None:
    cleaned = clean_markdown("---\ntitle: x\n---\n**bold** `code` zero\u200bwidth \u202eevil\u202c")
    assert cleaned.text == "bold code zerowidth evil"


def test_a_comparison_is_no_tag() -> None:
    assert clean_text("if a < b and c > d").text == "if a < b and c > d"


@settings(max_examples=examples(200), deadline=None)
@given(st.text(alphabet=st.sampled_from("<>/!-[]()#&;abscript \n`*_:"), max_size=200))
def test_cleaning_never_fails_and_leaves_nothing_that_runs(text: str) -> None:
    cleaned = clean_markdown(text).text
    assert "<script" not in cleaned.lower()
    assert "javascript:" not in clean_markdown(f"[x](javascript:{text})").text.lower()


@pytest.mark.parametrize(
    "piece", ["<script>", "<!--", "[a](", "<a ", "**a", "((((", "![](", "---\n"]
)
def test_two_megabytes_of_traps_take_a_time_that_grows_with_their_length(piece: str) -> None:
    def took_s(length: int) -> float:
        text = (piece * (length // len(piece) + 1))[:length]
        began = time.process_time()
        clean_markdown(text)
        return time.process_time() - began

    small = max(took_s(100_000), 0.01)
    assert took_s(800_000) < 40 * small
