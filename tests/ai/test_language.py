"""Languages by script and by small words."""

import pytest

from ai.extract.language import language_of


@pytest.mark.parametrize(
    ("text", "language"),
    [
        ("My order has not arrived yet", "en"),
        ("Meine Bestellung ist noch nicht da", "de"),
        ("Je n'ai pas reçu ma commande", "fr"),
        ("Mi pedido no ha llegado", "es"),
        ("Il mio ordine non è arrivato", "it"),
        ("A minha encomenda ainda não chegou", "pt"),
        ("Moje zamówienie nie dotarło", "pl"),
        ("Mijn bestelling is nog niet aangekomen", "nl"),
        ("注文した商品が届きません", "ja"),
        ("لم يصل طلبي", "ar"),
        ("我的订单没有到", "zh"),
        ("Мой заказ не пришёл", "ru"),
        ("أريد iPhone 15 Pro Max", "ar"),
        ("The label says 商品 only", "en"),
        ("Hello", "en"),
        ("I will speak", "en"),
        ("Combien de jours ouvrés prend la livraison standard ?", "fr"),
        ("Je voudrais parler à un conseiller humain", "fr"),
        ("Wie viele Werktage dauert das?", "de"),
        ("¿Cuánto tarda la entrega?", "es"),
        ("Quanto costa la consegna?", "it"),
        ("Quanto tempo leva a entrega?", "pt"),
        ("Ile dni trwa dostawa?", "pl"),
        ("Hoeveel dagen duurt de levering?", "nl"),
        ("12345", ""),
        ("😀", ""),
        ("Xyzzy Plugh", ""),
        ("", ""),
    ],
)
def test_a_text_tells_its_language_or_nothing(text: str, language: str) -> None:
    assert language_of(text) == language


def test_between_relatives_the_language_of_before_decides() -> None:
    assert language_of("Pruebe a reinstalar la aplicación, por favor.", "es") == "es"
