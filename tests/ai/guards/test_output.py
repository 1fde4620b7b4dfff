"""What we would say is looked at once more: links, numbers, promises, harm."""

from pathlib import Path
from typing import Any, Final

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as some

from ai.guards.grounding import unsupported
from ai.guards.links import foreign_links, host_of
from ai.guards.moderation import Harm, harms_in, harms_out
from ai.guards.verify import Bounds, Fault, Source, faults_of
from tests.ai.guards.attacks import CORPUS

LINKS: dict[str, Any] = yaml.safe_load(
    (Path(__file__).parent / "corpus" / "links.yaml").read_text(encoding="utf-8")
)
ALLOWED = ("shop.example", "*.help.example")
RETURNS = Source(
    "p1",
    "You can return an item within 30 days. Return shipping is free in Germany. "
    "Refunds of 89.99 EUR or less arrive after five working days. Ask returns@shop.example.",
)


@pytest.mark.parametrize("text", LINKS["ok"])
def test_links_to_where_the_tenant_allows_may_stay(text: str) -> None:
    assert foreign_links(text, ALLOWED) == ()


@pytest.mark.parametrize("text", LINKS["foreign"])
def test_links_to_elsewhere_are_found(text: str) -> None:
    assert foreign_links(text, ALLOWED)


@given(some.text(max_size=200))
def test_any_text_is_looked_at_for_links(text: str) -> None:
    assert foreign_links(text, ALLOWED) is not None
    assert isinstance(host_of(text), str)


@pytest.mark.parametrize(
    "text",
    [
        "You can return it within 30 days.",
        "Refunds arrive after 5 working days.",
        "Return shipping is free in Germany, and you have 30 days.",
        "Please write to returns@shop.example.",
    ],
)
def test_what_the_source_says_is_supported(text: str) -> None:
    assert unsupported(text, [RETURNS.text]) == ()


@pytest.mark.parametrize(
    "text",
    [
        "You can return it within 60 days.",
        "You can return it within 3 days.",
        "Refunds of 99.99 EUR arrive after five working days.",
        "Refunds arrive after seven working days.",
        "Please write to refunds@evil.example.",
        "See https://shop.example/returns",
        "Your flight leaves tomorrow morning from terminal west, boarding begins shortly.",
        "Your order AB-4711 can be returned.",
    ],
)
def test_what_it_does_not_say_is_found(text: str) -> None:
    assert unsupported(text, [RETURNS.text])


SAID: list[dict[str, Any]] = yaml.safe_load(
    (Path(__file__).parent / "corpus" / "grounding.yaml").read_text(encoding="utf-8")
)


def said(which: str) -> list[Any]:
    return [
        pytest.param(text, one["source"], one["asked"], id=f"{one['language']}-{text[:24]}")
        for one in SAID
        for text in one[which]
    ]


@pytest.mark.parametrize(("text", "source", "asked"), said("faithful"))
def test_a_short_sentence_that_is_faithful_may_stay(text: str, source: str, asked: str) -> None:
    assert unsupported(text, [source], asked=asked) == ()


@pytest.mark.parametrize(("text", "source", "asked"), said("invented"))
def test_a_short_sentence_that_is_made_up_is_found(text: str, source: str, asked: str) -> None:
    assert unsupported(text, [source], asked=asked)


def test_a_sentence_of_the_questions_words_alone_is_no_answer() -> None:
    asked, source = "Was my refund approved?", ["Parcels arrive after two days."]
    assert unsupported("Your refund was approved.", source, asked=asked)
    assert unsupported("Your refund arrives after two days.", source, asked=asked) == ()


def test_what_was_asked_bears_no_number_out() -> None:
    asked = "Can I return it after 90 days?"
    assert unsupported("You can return it within 90 days.", [RETURNS.text], asked=asked) == ("90",)


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("You can return an item within 30 days in Hamburg.", "Hamburg"),
        ("Return shipping is free in Germany, Austria and beyond.", "Austria"),
        ("Return shipping is free with Hermes in Germany.", "Hermes"),
    ],
)
def test_a_name_inside_a_sentence_must_stand_in_its_sources(text: str, name: str) -> None:
    assert name in unsupported(text, [RETURNS.text])
    assert unsupported(text, [RETURNS.text, f"We speak of {name}."]) == ()
    assert unsupported(text, [RETURNS.text], asked=f"And {name}?") == ()


@pytest.mark.parametrize(
    "text",
    [
        "Return Shipping Is Free in Germany with Every Item and Refund.",
        "Yes. Return shipping is free, and You have 30 days.",
        "In Deutschland ist der Rückversand innerhalb von 30 Tagen nach Erhalt der Ware kostenlos.",
    ],
)
def test_a_capital_that_tells_no_name_is_none(text: str) -> None:
    german = "Der Rückversand ist innerhalb von 30 Tagen ab Erhalt in Deutschland kostenlos."
    assert unsupported(text, [RETURNS.text, german]) == ()


def test_a_source_in_another_script_takes_no_words_from_the_others() -> None:
    assert unsupported("Return shipping is free.", [RETURNS.text, "返品は無料です。"]) == ()


SENT: Final = (
    "Send it back within 30 days. It costs €9.90, and $1,500 at most. You save 50% of 1.5 kg."
)


@pytest.mark.parametrize(
    ("right", "wrong"),
    [
        ("Senden Sie es innerhalb von {} Tagen zurück.", "dreißig vierzehn neunzig einunddreißig"),
        ("Può restituirlo entro {} giorni.", "trenta novanta quattordici trentuno sei"),
        ("Proszę odesłać to w ciągu {} dni.", "trzydziestu siedmiu czternastu dwustu"),
        ("Vous pouvez le renvoyer sous {} jours.", "trente quatorze quatre-vingt-dix neuf"),
        ("Puede devolverlo en {} días.", "treinta catorce noventa treinta_y_uno"),
        ("Você pode devolver em {} dias.", "trinta catorze noventa trinta_e_um"),
        ("これは{}日以内に返品できます。", "三十 九十 十四 三十一"),
        ("يمكنك إرجاعه خلال {} يوما.", "ثلاثين تسعين خمسة_عشر"),
        ("You can return it within {} days.", "thirty ninety fourteen thirty-one"),
    ],
)
def test_numbers_as_words_of_a_translation_must_stand_in_its_source(right: str, wrong: str) -> None:
    thirty, *others = [right.format(one.replace("_", " ")) for one in wrong.split()]
    assert unsupported(thirty, [SENT], translated=True) == ()
    assert [one for one in others if not unsupported(one, [SENT], translated=True)] == []


@pytest.mark.parametrize(
    "text",
    [
        "O prazo dos pedidos é de 30 dias, e você não paga mais.",
        "Se sei in Italia, puoi restituirlo entro 30 giorni.",
        "Un article neuf peut être renvoyé sous 30 jours, avec la facture.",
        "Ab dreißig Tagen ist es zu spät, und das Gewicht ist 1,5 kg.",
        "Sie zahlen 9,90 € und nicht mehr als 1.500 $; das sind 50 %.",
        "Vous payez 9,90 EUR et pas plus que 1 500 $, c'est 50 % de 1,5 kg.",
        "お支払いは9.90ユーロではなく1,500ドル、50パーセントです。",
    ],
)
def test_a_translation_writes_numbers_as_its_language_does(text: str) -> None:
    assert unsupported(text, [SENT], translated=True) == ()


@pytest.mark.parametrize(
    "text",
    [
        "Sie zahlen 1,50 $ und nicht mehr.",
        "Sie zahlen 990 € und nicht mehr.",
        "Sie zahlen 9,90 $ und nicht mehr.",
        "Das Gewicht ist 1.550 kg und nicht mehr.",
        "Sie sparen 5 % und nicht mehr.",
        # Nobody here reads Dutch numerals.
        "U kunt het binnen dertig dagen terugsturen en dat is het.",
    ],
)
def test_a_translation_with_another_amount_is_found(text: str) -> None:
    assert unsupported(text, [SENT], translated=True)


def test_words_of_another_language_that_are_numbers_there_are_none_here() -> None:
    source = "Items once opened cannot be returned, and the seal must not be broken."
    assert unsupported("Items once opened cannot.", [source]) == ()


def test_a_thousand_is_no_one_and_a_half() -> None:
    said = "Das Paket ist 1.500 g schwer und nicht mehr."
    assert unsupported(said, ["The parcel is 1.5 g in weight."], translated=True)
    assert unsupported(said, ["The parcel is 1,500 g in weight."], translated=True) == ()
    assert unsupported("Das Paket ist 1,5 g schwer.", ["It weighs 1,500 g."], translated=True)


def test_a_price_stands_in_its_own_language_as_well() -> None:
    source = "Der Versand kostet 9,90 € und nicht mehr als 1.500 $, bei 50 % Rabatt."
    assert unsupported("Der Versand kostet 9,90€ und 50% Rabatt, 1.500$.", [source]) == ()
    assert unsupported("Der Versand kostet 9,00 € und 50 % Rabatt.", [source])


def test_scripts_without_blanks_are_compared_by_letters() -> None:
    source = "返品は商品到着後30日以内に可能です。送料は無料です。"
    assert unsupported("返品は30日以内に可能です。", [source]) == ()
    assert unsupported("返品は60日以内に可能です。", [source])
    assert unsupported("明日の飛行機は東京から出発しますのでご搭乗ください。", [source])


def test_set_phrases_need_no_source() -> None:
    assert (
        unsupported("Our help centre says so", [RETURNS.text], known=["Our help centre says so"])
        == ()
    )


BOUNDS = Bounds(ALLOWED, canary="fence-abc123")


@pytest.mark.parametrize(
    ("text", "cited", "fault"),
    [
        (" ", ["p1"], Fault.EMPTY),
        ("You can return it within 30 days. " * 60, ["p1"], Fault.TOO_LONG),
        ("You can return it within 30 days.", [], Fault.UNCITED),
        ("You can return it within 30 days.", ["p9"], Fault.FOREIGN_CITATION),
        ("You can return it within 45 days.", ["p1"], Fault.UNGROUNDED),
        ("Return shipping is free, see evil.com.", ["p1"], Fault.FOREIGN_LINK),
        ("Return shipping is free. fence-abc123", ["p1"], Fault.LEAK),
        ("Return shipping is free, idiot.", ["p1"], Fault.HARMFUL),
        ("I promise return shipping is free.", ["p1"], Fault.PROMISE),
        ("Model call limits exceeded: run limit (3/3)", ["p1"], Fault.MACHINE_TALK),
        ("System: return shipping is free", ["p1"], Fault.MACHINE_TALK),
    ],
)
def test_an_answer_with_a_fault_is_not_sent(text: str, cited: list[str], fault: Fault) -> None:
    assert fault in faults_of(text, cited, [RETURNS], BOUNDS)


def test_an_answer_without_one_is() -> None:
    assert faults_of("You can return it within 30 days.", ["p1"], [RETURNS], BOUNDS) == ()


def test_what_its_article_says_to_people_may_be_said() -> None:
    for text in CORPUS["article_harmless"]:
        if not foreign_links(text, ALLOWED):
            assert faults_of(text, ["p1"], [Source("p1", text)], BOUNDS) == (), text


def test_an_answer_may_take_up_what_was_asked() -> None:
    answer, bounds = "Yes, shoes can be returned.", Bounds(asked="Can I return shoes?")
    sources = [Source("p1", "Whatever you bought can be returned within 30 days.")]
    assert faults_of(answer, ["p1"], sources, bounds) == ()
    made_up = Bounds(asked="Do you sell shoes?")
    assert faults_of("We sell shoes.", ["p1"], sources, made_up) == (Fault.UNGROUNDED,)


def test_only_what_is_cited_bears_an_answer_out() -> None:
    other = Source("p2", "Batteries last 60 days.")
    assert Fault.UNGROUNDED in faults_of("It takes 60 days.", ["p1"], [RETURNS, other], BOUNDS)
    assert faults_of("It takes 60 days.", ["p1", "p2"], [RETURNS, other], BOUNDS) == ()


def test_a_promise_of_the_tenants_own_article_is_theirs() -> None:
    source = Source("p1", "We promise delivery within 3 days.")
    assert faults_of("We promise delivery within 3 days.", ["p1"], [source], BOUNDS) == ()


@pytest.mark.parametrize(
    ("text", "harm"),
    [
        ("I know where you live", Harm.THREAT),
        ("Ich bringe dich um", Harm.THREAT),
        ("je sais où tu habites", Harm.THREAT),
        ("殺してやる", Harm.THREAT),
        ("I want to die", Harm.SELF_HARM),
        ("ich will sterben", Harm.SELF_HARM),
        ("أريد أن أموت", Harm.SELF_HARM),
        ("死にたい", Harm.SELF_HARM),
        ("go back to your country", Harm.HATE),
        ("send nudes", Harm.SEXUAL),
        ("you idiot", Harm.ABUSE),
        ("y\u200bou id\u200biot", Harm.ABUSE),
        ("buy now " * 20, Harm.FLOOD),
        ("😀" * 60, Harm.FLOOD),
        ("https://a.example " * 7, Harm.FLOOD),
    ],
)
def test_harm_is_seen(text: str, harm: Harm) -> None:
    assert harm in harms_in(text)


@pytest.mark.parametrize(
    "text",
    [
        "My phone died",
        "This charger kills my battery",
        "The bath bomb leaked",
        "I promise I paid",
        "Wo ist mein Paket?",
    ],
)
def test_plain_talk_is_no_harm(text: str) -> None:
    assert harms_in(text) == frozenset()


def test_only_we_may_not_promise() -> None:
    assert Harm.PROMISE in harms_out("I promise you a refund")
    assert Harm.PROMISE not in harms_in("I promise I paid")
