"""Numbers, prices and percentages in one form, however the language of a text writes them."""

import re
from typing import Final

_DIGITS: Final = str.maketrans(
    "０１２３４５６７８９٠١٢٣٤٥٦٧٨٩۰۱۲۳۴۵۶۷۸۹٫٬％٪￥＄", "012345678901234567890123456789.,%%¥$"
)
_POINT: Final = frozenset({"en", "ja", "zh", "ko", "th", "he", "ar", ""})
"""Languages that write 1,500.5; the others write 1.500,5 or 1 500,5. Of one nobody knows, as these."""
_SYMBOLS: Final = (
    ("€", r"\beuros?\b|\beur\b|ユーロ"),
    ("$", r"\bUS-?\s?\$|\busd\b|\bUS-Dollars?\b|\bdollars?\b|\bdólares\b|\bdollari\b|\bdolar(?:ów|y)\b|ドル"),
    ("¥", r"(?<=\d)\s?円|\bjpy\b|\byen\b"),
    ("£", r"\bgbp\b"),
    ("%", r"\bper ?cent\b|\bprozent\b|\bpour cent\b|\bpor ciento\b|\bpor cento\b|\bper cento\b|\bprocent\w{0,3}\b|パーセント|(?:بالمئة|بالمائة|في المئة|في المائة)"),
)  # fmt: skip
_NAMES: Final = [(symbol, re.compile(names, re.IGNORECASE)) for symbol, names in _SYMBOLS]
_MONEY: Final = "[€$£¥]"
_NUMBER: Final = r"\d+(?:[.,'’]\d+)*"
_SPACED: Final = re.compile(
    r"(?<![A-Za-z0-9_.,/=@:-])([1-9]\d{0,2})((?:[\s\u202f]\d{3})+)(?![A-Za-z0-9_/])"
)
_BEFORE: Final = re.compile(rf"(?<!\d)(?<!\d\s)({_MONEY})\s?({_NUMBER})(?![A-Za-z0-9_])")
_AFTER: Final = re.compile(rf"(?<![A-Za-z0-9_.,/=@:-])({_NUMBER})\s?({_MONEY}|%)")
_PLAIN: Final = re.compile(rf"(?<![A-Za-z0-9_.,/=@:-])({_NUMBER})(?![A-Za-z0-9_/:@=-]|[.,]\d)")
_GROUPED: Final = re.compile(r"[1-9]\d{0,2}(?:[.,'’]\d{3})+")


def in_one_form(text: str, language: str) -> str:
    """Grouping and decimal signs taken as the text's language has them, symbols behind the number.

    A price never has three decimals: 1.500 $ and $1,500 are the same in any language.
    """
    told = text.translate(_DIGITS)
    for symbol, names in _NAMES:
        told = names.sub(symbol, told)
    if language not in _POINT:
        told = _SPACED.sub(lambda found: found[1] + re.sub(r"\s", "", found[2]), told)
    told = _BEFORE.sub(lambda found: f" {_read(found[2], language, found[1])}{found[1]} ", told)
    told = _AFTER.sub(lambda found: f"{_read(found[1], language, found[2])}{found[2]} ", told)
    return _PLAIN.sub(lambda found: _read(found[1], language), told)


def _read(number: str, language: str, symbol: str = "") -> str:
    """1,500.50 as 1500.5; what is a date or a version stays as it is written."""
    signs = [one for one in number if not one.isdigit()]
    if not signs:
        return number
    decimal = "." if language in _POINT else ","
    is_grouped = _GROUPED.fullmatch(number) is not None and len(set(signs)) == 1
    if is_grouped and (len(signs) > 1 or signs[0] != decimal or re.fullmatch(_MONEY, symbol)):
        return re.sub(r"\D", "", number)
    whole, _, part = re.split(r"([.,])(?=\d+$)", number, maxsplit=1)
    if "'" in part or (len(signs) > 1 and not _GROUPED.fullmatch(whole)):
        return number
    if len(signs) > 1 and signs[-1] in signs[:-1]:
        return number
    if symbol:
        part = part.rstrip("0")
    return re.sub(r"\D", "", whole) + (f".{part}" if part else "")
