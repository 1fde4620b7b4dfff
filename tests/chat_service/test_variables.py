"""Variables of prepared texts: what is known stands there, what is not is told."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chat_service.variables import first_name, render, unknown_names

FACTS = {
    "contact.name": "Ana María López",
    "contact.first_name": "Ana",
    "contact.email": None,
    "contact.attributes.plan": "gold",
    "contact.attributes.orders": 0,
    "contact.attributes.vip": True,
}


@pytest.mark.parametrize(
    ("written", "text", "missing", "unknown"),
    [
        ("Dear {{contact.first_name}},", "Dear Ana,", (), ()),
        ("{{ contact.first_name }}{{contact.name}}", "AnaAna María López", (), ()),
        ("{{contact.email}}?", "{{contact.email}}?", ("contact.email",), ()),
        ("{{contact.email | no address}}", "no address", (), ()),
        ("{{contact.email|}}.", ".", (), ()),
        ("{{contact.attributes.plan}}", "gold", (), ()),
        ("{{contact.attributes.orders}} {{contact.attributes.vip}}", "0 yes", (), ()),
        (
            "{{contact.attributes.size}}",
            "{{contact.attributes.size}}",
            ("contact.attributes.size",),
            (),
        ),
        ("{{contact.frist_name}}", "{{contact.frist_name}}", (), ("contact.frist_name",)),
        ("{{contact.attributes.}}", "{{contact.attributes.}}", (), ("contact.attributes.",)),
        ("{{}} {contact.name} {{contact.name}", "{{}} {contact.name} {{contact.name}", (), ("",)),
    ],
)
def test_a_text_is_filled_in(
    written: str, text: str, missing: tuple[str, ...], unknown: tuple[str, ...]
) -> None:
    found = render(written, FACTS)
    assert (found.text, found.missing, found.unknown) == (text, missing, unknown)
    assert tuple(unknown_names(written)) == unknown


def test_a_value_that_looks_like_a_variable_is_not_filled_in_again() -> None:
    found = render("{{contact.name}}", {"contact.name": "{{contact.email}}"})
    assert found.text == "{{contact.email}}"


@given(st.text())
def test_a_text_without_braces_stays_as_it_is(written: str) -> None:
    if "{{" not in written:
        assert render(written, FACTS).text == written


def test_a_first_name_is_the_first_word() -> None:
    assert [first_name(one) for one in ("  Ana  María", "李", " ", None)] == [
        "Ana",
        "李",
        None,
        None,
    ]
