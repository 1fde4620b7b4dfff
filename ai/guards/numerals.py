"""Numbers written as words: up to 99, whole hundreds and a thousand, in the languages we have words of.

One is left out: in most languages it is an article as well.
"""

import re
import unicodedata
from collections.abc import Iterator, Mapping, Sequence
from functools import cache
from typing import Final

_TEENS: Final[Mapping[str, str]] = {
    "en": "two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen"
    " sixteen seventeen eighteen nineteen",
    "de": "zwei|zwo|zweier drei|dreier vier fünf sechs sieben acht neun zehn elf zwölf dreizehn"
    " vierzehn fünfzehn sechzehn siebzehn achtzehn neunzehn",
    "fr": "deux trois quatre cinq six sept huit neuf dix onze douze treize quatorze quinze seize"
    " dix-sept dix-huit dix-neuf",
    "es": "dos tres cuatro cinco seis siete ocho nueve diez once doce trece catorce quince"
    " dieciséis diecisiete dieciocho diecinueve",
    "it": "due tre quattro cinque sei sette otto nove dieci undici dodici tredici quattordici"
    " quindici sedici diciassette diciotto diciannove",
    "pt": "dois|duas três quatro cinco seis sete oito nove dez onze doze treze catorze|quatorze"
    " quinze dezesseis|dezasseis dezessete|dezassete dezoito dezenove|dezanove",
    "pl": "dwa|dwie|dwóch|dwu|dwoma|dwiema|dwóm trzy|trzech|trzem|trzema cztery|czterech|czterem|czterema"
    " pięć|pięciu sześć|sześciu siedem|siedmiu osiem|ośmiu dziewięć|dziewięciu dziesięć|dziesięciu"
    " jedenaście|jedenastu dwanaście|dwunastu trzynaście|trzynastu czternaście|czternastu"
    " piętnaście|piętnastu szesnaście|szesnastu siedemnaście|siedemnastu osiemnaście|osiemnastu"
    " dziewiętnaście|dziewiętnastu",
}
"""From two to nineteen; forms of one number stand with a bar between them."""
_TENS: Final[Mapping[str, str]] = {
    "en": "twenty thirty forty fifty sixty seventy eighty ninety",
    "de": "zwanzig dreißig|dreissig vierzig fünfzig sechzig siebzig achtzig neunzig",
    "fr": "vingt trente quarante cinquante soixante septante huitante|octante nonante",
    "es": "veinte treinta cuarenta cincuenta sesenta setenta ochenta noventa",
    "it": "venti trenta quaranta cinquanta sessanta settanta ottanta novanta",
    "pt": "vinte trinta quarenta cinquenta sessenta setenta oitenta noventa",
    "pl": "dwadzieścia|dwudziestu trzydzieści|trzydziestu czterdzieści|czterdziestu"
    " pięćdziesiąt|pięćdziesięciu sześćdziesiąt|sześćdziesięciu"
    " siedemdziesiąt|siedemdziesięciu osiemdziesiąt|osiemdziesięciu"
    " dziewięćdziesiąt|dziewięćdziesięciu",
}
_ONE: Final[Mapping[str, Sequence[str]]] = {
    "en": ("one",),
    "de": ("ein",),
    "fr": ("et-un", "et-une", "un", "une"),
    "es": ("uno", "un", "una"),
    "it": ("uno", "una", "un"),
    "pt": ("um", "uma"),
    "pl": ("jeden", "jednego", "jednym"),
}
_JOIN: Final[Mapping[str, str]] = {
    "en": "-",
    "fr": "-",
    "es": " y ",
    "it": "",
    "pt": " e ",
    "pl": " ",
}
_HUNDREDS: Final[Mapping[str, str]] = {
    "en": "hundred two-hundred three-hundred four-hundred five-hundred six-hundred seven-hundred"
    " eight-hundred nine-hundred thousand",
    "de": "hundert|einhundert zweihundert dreihundert vierhundert fünfhundert sechshundert"
    " siebenhundert achthundert neunhundert tausend|eintausend",
    "fr": "cent deux-cents|deux-cent trois-cents|trois-cent quatre-cents|quatre-cent cinq-cents|cinq-cent"
    " six-cents|six-cent sept-cents|sept-cent huit-cents|huit-cent neuf-cents|neuf-cent mille",
    "es": "cien|ciento doscientos|doscientas trescientos|trescientas cuatrocientos|cuatrocientas"
    " quinientos|quinientas seiscientos|seiscientas setecientos|setecientas ochocientos|ochocientas"
    " novecientos|novecientas mil",
    "it": "cento duecento trecento quattrocento cinquecento seicento settecento ottocento novecento mille",
    "pt": "cem|cento duzentos|duzentas trezentos|trezentas quatrocentos|quatrocentas"
    " quinhentos|quinhentas seiscentos|seiscentas setecentos|setecentas oitocentos|oitocentas"
    " novecentos|novecentas mil",
    "pl": "sto|stu dwieście|dwustu trzysta|trzystu czterysta|czterystu pięćset|pięciuset"
    " sześćset|sześciuset siedemset|siedmiuset osiemset|ośmiuset dziewięćset|dziewięciuset tysiąc|tysiąca",
}
_ARABIC: Final = (
    "اثنان|اثنين|اثنتان|اثنتين|يومان|يومين|أسبوعان|أسبوعين|شهران|شهرين|ساعتان|ساعتين|سنتان|سنتين|عامان|عامين",
    "ثلاث|ثلاثة", "أربع|أربعة", "خمس|خمسة", "ست|ستة", "سبع|سبعة", "ثمان|ثماني|ثمانية", "تسع|تسعة", "عشر|عشرة",
)  # fmt: skip
"""From two to ten; what there are two of may say so by its ending."""
_ARABIC_TENS: Final = (
    "عشرون|عشرين", "ثلاثون|ثلاثين", "أربعون|أربعين", "خمسون|خمسين", "ستون|ستين", "سبعون|سبعين",
    "ثمانون|ثمانين", "تسعون|تسعين",
)  # fmt: skip
_ARABIC_HUNDREDS: Final = (
    "مائة|مئة", "مائتان|مئتان|مائتين|مئتين", "ثلاثمائة|ثلاثمئة", "أربعمائة|أربعمئة", "خمسمائة|خمسمئة",
    "ستمائة|ستمئة", "سبعمائة|سبعمئة", "ثمانمائة|ثمانمئة", "تسعمائة|تسعمئة", "ألف",
)  # fmt: skip
_COUNTED: Final[Mapping[str, Mapping[str, str]]] = {
    "it": {"sei": r"(?:giorn|mes[ie]|or[ae]\b|settiman|ann[io]|minut|second|euro|volt|rat[ae]|artic|prodott|pezz|[%€$£])"},
    "fr": {"neuf": r"(?:jour|heure|mois|semaine|an|minute|second|euro|fois|article|produit|pièce|piece|[%€$£])"},
}  # fmt: skip
"""What is another word too ("you are", "new") is a number before something that can be counted."""
_KANJI: Final = re.compile(
    "(?<![一二三四五六七八九十百千〇])(?P<number>[一二三四五六七八九十百千〇两兩]+)"
    "(?=日|営業日|時間|时|時|小时|小時|分(?!か|析|割|類)|秒|週|周|か月|ヶ月|カ月|ヵ月|ケ月|个|個|月|年|天|工作日|円|元|回|次|名|点|枚|件|歳|倍|割|%|[€$£¥])"
)
_KANJI_DIGITS: Final = {one: at for at, one in enumerate("〇一二三四五六七八九")} | {
    "两": 2,
    "兩": 2,
}
_KANJI_UNITS: Final = {"十": 10, "百": 100, "千": 1000}
_NO_NUMBERS: Final = re.compile("十分(?!間|间|钟|鐘|以|後|前|ほど|程|で)|一")
_HAN: Final = frozenset({"ja", "zh"})
_ENDINGS: Final[Mapping[str, str]] = {
    "de": r"(?:tägig\w*|tagig\w*|stündig\w*|stundig\w*|wöchig\w*|wochig\w*|jährig\w*|jahrig\w*|monatig\w*|mal|fach\w*)?"
}
LANGUAGES: Final = frozenset({*_TEENS, "ar", *_HAN})


def numbers_said(text: str, language: str) -> set[str]:
    """Numbers that stand in a text as words, in digits; of a language nobody knows, of any of them."""
    if language in _HAN:
        return set(_kanji(text))
    if language:
        return set(_words(text, language)) if language in LANGUAGES else set()
    return set(_kanji(text)).union(*(_words(text, one) for one in LANGUAGES - _HAN))


def _words(text: str, language: str) -> Iterator[str]:
    table, pattern = _table(language)
    for found in pattern.finditer(_folded(text)):
        yield str(table[re.sub(r"[\s-]+", " ", found["number"])])


def _kanji(text: str) -> Iterator[str]:
    for found in _KANJI.finditer(text):
        if found["number"] != "一" and not _NO_NUMBERS.match(text, found.start("number")):
            yield str(_kanji_value(found["number"]))


def _kanji_value(number: str) -> int:
    if not set(number) & set(_KANJI_UNITS):
        return int("".join(str(_KANJI_DIGITS[one]) for one in number))
    total, digit = 0, 0
    for one in number:
        if one in _KANJI_UNITS:
            total, digit = total + (digit or 1) * _KANJI_UNITS[one], 0
        else:
            digit = _KANJI_DIGITS[one]
    return total + digit


def _folded(text: str) -> str:
    """Small letters without accents: nobody writes all of them."""
    split = unicodedata.normalize("NFKD", text.casefold())
    return "".join(one for one in split if not unicodedata.combining(one)).replace("ł", "l")


@cache
def _table(language: str) -> tuple[Mapping[str, int], re.Pattern[str]]:
    each = _arabic() if language == "ar" else _latin(language)
    table = {_folded(word).replace("-", " "): value for word, value in each}
    longest = sorted(table, key=len, reverse=True)
    counted = _COUNTED.get(language, {})
    words = [
        re.escape(one).replace(r"\ ", r"[\s-]+")
        + (rf"(?=\s+{counted[one]})" if one in counted else "")
        for one in longest
    ]
    before = "[وبلفك]?(?:ال)?" if language == "ar" else ""
    pattern = rf"(?<!\w){before}(?P<number>{'|'.join(words)}){_ENDINGS.get(language, '')}(?!\w)"
    return table, re.compile(pattern)


def _latin(language: str) -> Iterator[tuple[str, int]]:
    low = [one.split("|") for one in _TEENS[language].split()]
    tens = [one.split("|") for one in _TENS[language].split()]
    each = {2 + at: forms for at, forms in enumerate(low)}
    hundreds = [one.split("|") for one in _HUNDREDS[language].split()]
    rounds = {20 + 10 * at: forms for at, forms in enumerate(tens)}
    rounds |= {100 * (at + 1): forms for at, forms in enumerate(hundreds)}
    for value, forms in (each | rounds).items():
        yield from ((form, value) for form in forms)
    units = {at: each[at] for at in range(2, 10)} | {1: list(_ONE[language])}
    for at, forms in enumerate(tens):
        for unit, names in units.items():
            yield from (
                (_joined(language, ten, name), 20 + 10 * at + unit)
                for ten in forms
                for name in names
            )
    yield from _IRREGULAR.get(language, {}).items()


def _joined(language: str, ten: str, unit: str) -> str:
    if language == "de":
        return f"{unit}und{ten}"
    if language == "it":
        return (ten[:-1] if unit[0] in "uo" else ten) + unit
    return f"{ten}{_JOIN[language]}{unit}"


def _arabic() -> Iterator[tuple[str, int]]:
    units = {2 + at: one.split("|") for at, one in enumerate(_ARABIC)}
    tens = {20 + 10 * at: one.split("|") for at, one in enumerate(_ARABIC_TENS)}
    hundreds = {100 * (at + 1): one.split("|") for at, one in enumerate(_ARABIC_HUNDREDS)}
    for value, forms in (units | tens | hundreds).items():
        yield from ((form, value) for form in forms)
    below = {
        1: ["واحد", "واحدة", "أحد", "إحدى"],
        **units,
        2: ["اثنان", "اثنين", "اثنا", "اثني", "اثنتا", "اثنتي"],
    }
    for unit in range(1, 10):
        for name in below[unit]:
            yield from ((f"{name} {ten}", 10 + unit) for ten in units[10])
            yield from (
                (f"{name} و{form}", ten + unit) for ten, forms in tens.items() for form in forms
            )


def _spanish() -> Iterator[tuple[str, int]]:
    units = ["uno", *(one for one in _TEENS["es"].split()[:8])]
    yield from ((f"veinti{one}", 21 + at) for at, one in enumerate(units))
    yield from (("veintiún", 21), ("veintiuna", 21))


def _french() -> Iterator[tuple[str, int]]:
    low = [one.split("|")[0] for one in _TEENS["fr"].split()]
    yield from ((f"soixante-{one}", 62 + at) for at, one in enumerate(low))
    yield from ((f"quatre-vingt-{one}", 82 + at) for at, one in enumerate(low))
    yield from (("soixante et onze", 71), ("quatre-vingts", 80), ("quatre-vingt", 80))
    yield from (("quatre-vingt-un", 81), ("quatre-vingt-une", 81))


_IRREGULAR: Final = {
    "es": dict(_spanish()),
    "fr": dict(_french()),
    "it": {"ventitré": 23},
    "en": {"one hundred": 100, "one thousand": 1000},
}
