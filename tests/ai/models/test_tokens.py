"""Tokens by script: never fewer than tokenizers make of it, and not three times as many.

Sentences and counts (cl100k, o200k) were published by OpenAI: openai.com/index/hello-gpt-4o, May 2024.
"""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ai.models.tokens import tokens_at_most

PUBLISHED = {
    "gujarati": (
        "હેલો, મારું નામ જીપીટી-4o છે. હું એક નવા પ્રકારનું ભાષા મોડલ છું. તમને મળીને સારું લાગ્યું!",
        145,
        33,
    ),
    "telugu": (
        "నమస్కారము, నా పేరు జీపీటీ-4o. నేను ఒక్క కొత్త రకమైన భాషా మోడల్ ని. మిమ్మల్ని కలిసినందుకు సంతోషం!",
        159,
        45,
    ),
    "hindi": (
        "नमस्ते, मेरा नाम जीपीटी-4o है। मैं एक नए प्रकार का भाषा मॉडल हूँ। आपसे मिलकर अच्छा लगा!",
        90,
        31,
    ),
    "arabic": ("مرحبًا، اسمي جي بي تي-4o. أنا نوع جديد من نموذج اللغة، سررت بلقائك!", 53, 26),
    "persian": (
        "سلام، اسم من جی پی تی-۴او است. من یک نوع جدیدی از مدل زبانی هستم، از ملاقات شما خوشبختم!",
        61,
        32,
    ),
    "russian": (
        "Привет, меня зовут GPT-4o. Я — новая языковая модель, приятно познакомиться!",
        39,
        23,
    ),
    "korean": (
        "안녕하세요, 제 이름은 GPT-4o입니다. 저는 새로운 유형의 언어 모델입니다, 만나서 반갑습니다!",
        45,
        27,
    ),
    "vietnamese": (
        "Xin chào, tên tôi là GPT-4o. Tôi là một loại mô hình ngôn ngữ mới, rất vui được gặp bạn!",
        46,
        30,
    ),
    "chinese": ("你好，我的名字是GPT-4o。我是一种新型的语言模型，很高兴见到你!", 34, 24),
    "japanese": (
        "こんにちは、私の名前はGPT-4oです。私は新しいタイプの言語モデルです。初めまして！",
        37,
        26,
    ),
    "turkish": (
        "Merhaba, benim adım GPT-4o. Ben yeni bir dil modeli türüyüm, tanıştığımıza memnun oldum!",
        39,
        30,
    ),
    "german": (
        "Hallo, mein Name is GPT-4o. Ich bin ein neues KI-Sprachmodell. Es ist schön, dich kennenzulernen.",
        34,
        29,
    ),
    "spanish": (
        "Hola, me llamo GPT-4o. Soy un nuevo tipo de modelo de lenguaje, ¡es un placer conocerte!",
        29,
        26,
    ),
    "english": (
        "Hello, my name is GPT-4o. I'm a new type of language model, it's nice to meet you!",
        27,
        24,
    ),
}
BY_BYTES = {"gujarati", "telugu"}
"""Scripts of which a vocabulary of before 2024 knew nearly nothing."""
MIXED = st.text(st.sampled_from("aB c Я ё 配 の 안 ก é ű ع א 9{\n😀ሀ—Ａ"))


@pytest.mark.parametrize("name", PUBLISHED)
def test_it_is_never_fewer_than_were_published_and_little_more_than_twice_the_older_count(
    name: str,
) -> None:
    text, older, newer = PUBLISHED[name]
    assert newer < older <= tokens_at_most(text)
    assert tokens_at_most(text) <= 2.05 * older


@pytest.mark.parametrize("name", sorted(PUBLISHED.keys() - BY_BYTES - {"hindi"}))
def test_for_the_vocabularies_of_today_it_is_three_and_a_half_times_as_many_at_most(
    name: str,
) -> None:
    text, _, newer = PUBLISHED[name]
    assert tokens_at_most(text) <= 3.5 * newer


@pytest.mark.parametrize("letters", ["ШЩЪЫЬЭЮЯ", "אבגדה", "ΑΒΓΔ", "ヂヅヴ", "éñßű"])
def test_noise_in_a_living_alphabet_is_a_token_a_letter(letters: str) -> None:
    assert tokens_at_most(letters * 20) == 20 * len(letters)


@pytest.mark.parametrize("letters", ["ѢѮѰ", "Ա", "ሀሁ", "𠀀𠀁", "🦄"])
def test_noise_that_no_vocabulary_knows_is_a_token_a_byte(letters: str) -> None:
    assert tokens_at_most(letters * 20) == 20 * len(letters.encode())


@given(st.text() | MIXED, st.text() | MIXED)
def test_more_text_is_never_fewer_and_parts_are_never_fewer_than_their_whole(
    one: str, other: str
) -> None:
    whole, parts = tokens_at_most(one + other), (tokens_at_most(one), tokens_at_most(other))
    assert max(parts) <= whole <= sum(parts)


@given(st.text() | MIXED)
def test_it_stays_between_a_fourth_of_the_characters_and_all_of_the_bytes(text: str) -> None:
    assert len(text) / 4 <= tokens_at_most(text) <= len(text.encode())


def test_half_of_a_pair_is_counted_too() -> None:
    assert tokens_at_most("\ud83d") == 3
