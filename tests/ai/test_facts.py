"""Facts by pattern: found as they are written, and never where there is none."""

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from ai.contracts import Role
from ai.extract import facts as rules
from ai.extract.facts import facts_in
from ai.extract.plain import plain
from tests.support.examples import examples


def found(text: str, role: Role = "customer") -> list[str]:
    return [f"{one.kind}:{one.value}" for one in facts_in(plain(text), role)]


@pytest.mark.parametrize(
    ("text", "facts"),
    [
        ("My order 12345 is late", ["order:12345"]),
        ("order no. AB-1234-X", ["order:AB-1234-X"]),
        ("about #88231, please", ["order:#88231"]),
        ("PO-4471 is missing", ["order:PO-4471"]),
        ("My order number is 33412", ["order:33412"]),
        ("Bestellnummer: 4711-22", ["order:4711-22"]),
        ("ma commande n° 4521", ["order:4521"]),
        ("mi pedido n.º 55821", ["order:55821"]),
        ("ordine numero 7781", ["order:7781"]),
        ("a encomenda nº 80213", ["order:80213"]),
        ("zamówienie nr 998877", ["order:998877"]),
        ("طلبي رقم 88231", ["order:88231"]),
        ("注文番号はA12345です", ["order:A12345"]),
        ("write to kim.o+x@example.co.uk.", ["email:kim.o+x@example.co.uk"]),
        ("call +49 170 1234567 now", ["phone:+49 170 1234567"]),
        ("call 030/123 45 67", ["phone:030/123 45 67"]),
        ("€49.90 or 1.299,00 EUR or 20 dollars", ["€49.90", "1.299,00 EUR", "20 dollars"]),
        ("zapłaciłem 129,99 zł", ["amount:129,99 zł"]),
        ("on 2026-11-21 and 3/4/2026", ["date:2026-11-21", "date:3/4/2026"]),
        ("on November 21st, 2026 or 3 May", ["date:November 21st, 2026", "date:3 May"]),
        ("am 21. November", ["date:21. November"]),
        ("el 10 de noviembre", ["date:10 de noviembre"]),
        ("2026年11月5日に", ["date:2026年11月5日"]),
        ("error E-17 and ERR_SSL_PROTOCOL", ["error_code:E-17", "error_code:ERR_SSL_PROTOCOL"]),
        ("Fehlercode 0x80070057", ["error_code:0x80070057"]),
        ("エラー E52 が出て", ["error_code:E52"]),
        ("app version 3.4.1 on iOS 17.2", ["version:3.4.1", "version:iOS 17.2"]),
        ("see https://shop.example/a?b=1.", ["url:https://shop.example/a?b=1"]),
        ("my name is Anna Kowalska and", ["name:Anna Kowalska"]),
        ("ich heiße Jürgen", ["name:Jürgen"]),
        ("اسمي سارة", ["name:سارة"]),
        ("田中と申します。", ["name:田中"]),
        ("my account number is 7781204", ["account:7781204"]),
        ("Kundennummer 5520918", ["account:5520918"]),
        ("IBAN DE89 3704 0044 0532 0130 00", ["account:DE89 3704 0044 0532 0130 00"]),
        ("invoice INV-2026-001", ["other:INV-2026-001"]),
        ("tracking number 1Z999AA10123456784", ["other:1Z999AA10123456784"]),
    ],
)
def test_a_fact_is_found_as_it_is_written(text: str, facts: list[str]) -> None:
    assert [one if ":" in facts[0] else one.partition(":")[2] for one in found(text)] == facts


@pytest.mark.parametrize(
    "text",
    [
        "We want to order 5000 pieces",
        "I'd like to order 200 mugs",
        "can I order 3000 of them",
        "I have waited 45 minutes in 24/7 support",
        "may 3 people come?",
        "size 42, not 43",
        "I am 35 years old and bought 2 in 2024",
        "the order arrived 12 days late",
        "my card is 4111 1111 1111 1111",
        "error message",
        "version two",
        "@home and #1",
        "a name is a name",
        "http:// nothing",
        "ratio 16:9, 100 %, 1.5 kg",
        "order 66",
    ],
)
def test_other_numbers_are_no_facts(text: str) -> None:
    assert found(text) == []


def test_what_staff_sign_with_is_no_fact() -> None:
    said = (
        "Write to help@shop.example or +49 30 1234567, https://shop.example. Order 4711 costs €5."
    )
    assert found(said, "agent") == ["order:4711", "amount:€5"]


def test_what_a_bot_quotes_to_everybody_is_no_fact_of_this_customer() -> None:
    said = "Delivery is free from 60 euros on, until 24.12.2026. Your order 4711 is on its way."
    assert found(said, "bot") == ["order:4711"]


def test_spellings_of_one_thing_have_one_key() -> None:
    one, other = (
        facts_in("order AB-1234", "customer"),
        facts_in("order ab1234x", "customer"),
    )
    assert one[0].key == ("order", "ab1234")
    assert other[0].key != one[0].key


@given(st.text(max_size=300))
def test_a_fact_stands_in_the_text(text: str) -> None:
    shown = plain(text)
    assert all(one.value in shown for one in facts_in(shown, "customer"))


@given(st.from_regex(r"[0-9A-Za-z@#:/+€$. -]{0,200}", fullmatch=True))
def test_any_mixture_of_signs_can_be_read(text: str) -> None:
    assert all(one.value in text for one in facts_in(text, "customer"))


@pytest.mark.parametrize(
    "rule", [one for one in rules._RULES if one.cues != ("",)], ids=lambda rule: rule.kind
)
@given(data=st.data())
@settings(
    max_examples=examples(60),
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.filter_too_much],
)
def test_the_look_beforehand_overlooks_nothing_that_a_rule_would_find(
    rule: rules._Rule, data: st.DataObject
) -> None:
    text = data.draw(st.from_regex(rule.pattern))
    assert rule in rules._hinted(text)


@pytest.mark.parametrize(
    "text", ["\u017fafari 17", "\u0130OS 17", "Window\u017f 11", "3 po\u0131nts, tic\u212aet 44871"]
)
def test_letters_that_only_look_like_others_are_not_overlooked(text: str) -> None:
    found = [rule for rule in rules._RULES if rule.pattern.search(text)]
    assert found and all(one in rules._hinted(text) for one in found)
