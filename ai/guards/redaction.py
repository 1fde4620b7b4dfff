"""Takes what identifies people out of texts before they leave, and puts it back into answers.

The same value has the same mark in all texts of one `Vault`, so that a model can still tell two
addresses apart. A card number never comes back whole: its last four digits do.
"""

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Final

_Check = Callable[[str], bool]


def luhn(digits: str) -> bool:
    """Whether the check digit of a card number is right."""
    numbers = [int(one) for one in digits]
    doubled = [sum(divmod(2 * one, 10)) for one in numbers[-2::-2]]
    return (sum(doubled) + sum(numbers[-1::-2])) % 10 == 0


def _is_card(text: str) -> bool:
    digits = re.sub(r"\D", "", text)
    return 13 <= len(digits) <= 19 and len(set(digits)) > 1 and luhn(digits)


def _is_iban(text: str) -> bool:
    compact = re.sub(r"[\s-]", "", text).upper()
    if not 15 <= len(compact) <= 34:
        return False
    turned = compact[4:] + compact[:4]
    return int("".join(str(int(one, 36)) for one in turned)) % 97 == 1


def _is_phone(text: str) -> bool:
    digits = re.sub(r"\D", "", text)
    if not 8 <= len(digits) <= 15:
        return False
    marked = text.lstrip().startswith(("+", "00", "(")) or text.lstrip().startswith("0")
    groups = re.findall(r"\d+", text)
    return (marked or len(groups) >= 3) and not _is_date(text)


def _is_date(text: str) -> bool:
    return (
        re.fullmatch(
            r"\s*(?:\d{4}[-./]\d{1,2}[-./]\d{1,2}|\d{1,2}[-./]\d{1,2}[-./]\d{2,4})(?:[ T]\d{1,2})?\s*",
            text,
        )
        is not None
    )


def _is_address(text: str) -> bool:
    return all(int(one) <= 255 for one in text.split("."))


def _always(_text: str) -> bool:
    return True


# In this order: a card number holds what looks like a phone number, a secret what looks like both.
_KINDS: Final[tuple[tuple[str, re.Pattern[str], _Check], ...]] = (
    (
        "SECRET",
        re.compile(
            r"(?<![\w-])(?:sk|pk|rk|xox[abps]|ghp|gho|glpat|AKIA|ASIA|whsec|shpat)[-_A-Za-z0-9]{14,}"
            r"|eyJ[\w-]{8,}\.[\w-]{8,}\.[\w-]{8,}"
            r"|(?<=password: )\S+|(?<=password is )\S+|(?<=passwort: )\S+|(?<=passwort ist )\S+"
            r"|(?<=mot de passe : )\S+|(?<=contraseña: )\S+|(?<=パスワードは)[!-~]{4,}",
            re.IGNORECASE,
        ),
        _always,
    ),
    (
        "EMAIL",
        re.compile(r"(?<![\w.+-])[\w.+%'-]{1,64}@(?:[\w-]{1,63}\.){1,8}[^\W\d_]{2,24}(?![\w-])"),
        _always,
    ),
    (
        "IBAN",
        re.compile(r"(?<![A-Za-z0-9])[A-Za-z]{2}\d{2}(?:[ -]?[A-Za-z0-9]){11,30}(?![A-Za-z0-9])"),
        _is_iban,
    ),
    ("CARD", re.compile(r"(?<![A-Za-z0-9+.])\d(?:[ -]?\d){12,18}(?![A-Za-z0-9])"), _is_card),
    ("SSN", re.compile(r"(?<![\w-])\d{3}-\d{2}-\d{4}(?![\w-])"), _always),
    ("IP", re.compile(r"(?<![\w.])\d{1,3}(?:\.\d{1,3}){3}(?![\w.]*\d)"), _is_address),
    (
        "PHONE",
        re.compile(r"(?<![A-Za-z0-9_#.,:/-])\+?\(?\d[\d ()./-]{6,20}\d(?![A-Za-z0-9_-]|[.,]\d)"),
        _is_phone,
    ),
)
_MARK: Final = re.compile(r"<([A-Z]{2,8})_(\d{1,4})>")
_DIGITS: Final = str.maketrans(
    "０１２３４５６７８９٠١٢٣٤٥٦٧٨٩۰۱۲۳۴۵۶۷۸۹", "012345678901234567890123456789"
)


@dataclass(slots=True)
class Vault:
    """What was taken out, by mark. It belongs to one conversation and is never stored."""

    values: dict[str, str] = field(default_factory=dict)
    _marks: dict[tuple[str, str], str] = field(default_factory=dict)
    _counts: dict[str, int] = field(default_factory=dict)

    def mark(self, kind: str, value: str) -> str:
        """The mark of a value; its own where it had one."""
        known = self._marks.get((kind, value))
        if known is not None:
            return known
        self._counts[kind] = self._counts.get(kind, 0) + 1
        mark = f"<{kind}_{self._counts[kind]}>"
        self._marks[kind, value] = mark
        self.values[mark] = value
        return mark

    def redact(self, text: str) -> str:
        """A text with marks for what identifies people.

        Digits are compared as Western ones, so that a number cannot hide in other numerals. What
        looks like a mark already is defused: nobody can ask for what another text held.
        """
        clean = _MARK.sub(lambda found: f"‹{found[1]}_{found[2]}›", text)
        for kind, pattern, check in _KINDS:
            clean = self._replaced(clean, kind, pattern, check)
        return clean

    def _replaced(self, text: str, kind: str, pattern: re.Pattern[str], check: _Check) -> str:
        pieces, end = [], 0
        for start, stop in _places(text.translate(_DIGITS), pattern, check):
            pieces += [text[end:start], self.mark(kind, text[start:stop])]
            end = stop
        return "".join([*pieces, text[end:]])

    def restore(self, text: str) -> str:
        """An answer with the values back in it; marks that are not ours become an ellipsis."""
        return _MARK.sub(self._value, text)

    def _value(self, found: re.Match[str]) -> str:
        value = self.values.get(found[0])
        if value is None:
            return "…"
        if found[1] == "SECRET":
            return "••••"
        if found[1] == "CARD":
            return "•••• " + re.sub(r"\D", "", value.translate(_DIGITS))[-4:]
        return value


def _places(text: str, pattern: re.Pattern[str], check: _Check) -> Iterator[tuple[int, int]]:
    marks = [one.span() for one in _MARK.finditer(text)]
    for found in pattern.finditer(text):
        inside = any(start < found.end() and found.start() < end for start, end in marks)
        fits = "" if inside else _fitting(found[0], check)
        if fits:
            yield found.start(), found.start() + len(fits)


def _fitting(text: str, check: _Check) -> str:
    """The longest start of it, cut at a blank, that passes: words may follow a number."""
    while text and not check(text):
        text = text.rpartition(" ")[0]
    return text
