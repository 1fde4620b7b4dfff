"""How numbers are read before they are compared: as their language writes them, and dates not at all."""

import pytest

from ai.guards.amounts import in_one_form
from ai.guards.numerals import numbers_said


@pytest.mark.parametrize("text", ["24.12.2026", "1.2.3", "1,23.45", "1.500,25.30", "1,000,5"])
@pytest.mark.parametrize("language", ["en", "de"])
def test_dates_and_versions_stay_as_they_are_written(text: str, language: str) -> None:
    assert in_one_form(text, language) == text


@pytest.mark.parametrize(
    ("text", "number"), [("二〇二六年まで", "2026"), ("三〇日以内", "30"), ("九十日以内", "90")]
)
def test_kanji_are_read_digit_by_digit_and_by_units(text: str, number: str) -> None:
    assert numbers_said(text, "ja") == {number}
