"""Typed facts by pattern: only what nobody would read otherwise. A fact missed is better than one made up."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from ai.contracts import FactKind, Role

_MONTHS: Final = (
    "jan(?:uary|uar|vier)?|feb(?:ruary|ruar)?|févr(?:ier)?|mar(?:ch|s|zo|ço)?|märz|apr(?:il|ile)?|avril"
    "|ma[iyj]|juin|june?|juni|juil(?:let)?|july?|juli|aug(?:ust)?|août|sept?(?:ember|embre|iembre)?"
    "|o[ck]t(?:ober|obre|ubre)?|nov(?:ember|embre|iembre)?|de[czt](?:ember|embre)?|dic(?:iembre|embre)?|déc(?:embre)?"
    "|enero|febrero|abril|mayo|junio|julio|agosto|gennaio|febbraio|aprile|maggio|giugno|luglio"
    "|settembre|ottobre|dicembre|janeiro|fevereiro|maio|junho|julho|setembro|outubro|novembro|dezembro"
    "|stycznia|lutego|marca|kwietnia|maja|czerwca|lipca|sierpnia|września|października|listopada|grudnia"
    "|يناير|فبراير|مارس|أبريل|مايو|يونيو|يوليو|أغسطس|سبتمبر|أكتوبر|نوفمبر|ديسمبر"
)
_YEAR: Final = r"(?:19|20)\d\d"
_CURRENCY: Final = r"(?:€|\$|£|¥|zł|円|ريال|درهم|(?:EUR|USD|GBP|CHF|PLN|JPY|BRL|SAR|AED|euros?|dollars?|dólares|pounds|zlot(?:y|ys|ych))(?!\w))"
_SUM: Final = r"\d{1,3}(?:[.,' ]\d{3})+(?:[.,]\d{1,2})?|\d+(?:[.,]\d{1,2})?"
_CODE: Final = r"#?(?=[A-Z0-9/_-]*\d)[A-Z0-9](?:[A-Z0-9/_-]{1,23}[A-Z0-9])"
_MARK: Final = r"(?:\s*(?:number|no\.?|id|code|nummer|nr\.?|numéro|n°|nº|n\. ?º|n\.|número|núm\.?|numero|numer|番号は?|رقم)|\s*[:#]|は)"
_ORDERS: Final = (
    r"(?:order|purchase|bestell(?:ung|nummer|nr\.?)|auftrag(?:snummer)?|commande|pedido|ordine|encomenda"
    r"|zamówieni\w{1,3}|注文(?:番号)?|(?:ال)?طلب(?:ي|ية|يتي)?)"
)
_ACCOUNTS: Final = (
    r"(?:customer|account|client|member(?:ship)?|konto|compte|cuenta|cliente|conto|conta"
    r"|klienta|konta|حساب(?:ي)?)"
)
_NUMBERS: Final = r"(?:kunden|konto|mitglieds|vertrags)(?:nummer|nr\.?)|会員番号は?|お客様番号は?"
_OTHERS: Final = (
    r"(?:invoice|tracking|ticket|case|reference|booking|serial|rechnung(?:snummer)?|sendung(?:snummer)?|ticketnummer|vorgangsnummer"
    r"|facture|suivi|factura|seguimiento|fattura|tracciamento|spedizione|fatura|nota fiscal|rastreio|rastreamento"
    r"|faktur[aęy]|przesyłk[aię]|追跡番号|伝票番号|請求書番号|فاتورة|الفاتورة|الشحنة)"
)
_ERRORS: Final = r"(?:error|fehler(?:code|meldung|nummer)?|erreur|errore|erro|błąd|błędu|エラー(?:コード)?|خطأ|الخطأ)"
_NAMES: Final = (
    r"(?:my name is|name's|ich heiße|ich heisse|mein name ist|je m'appelle|mon nom est|me llamo|mi nombre es"
    r"|mi chiamo|il mio nome è|me chamo|chamo-me|meu nome é|nazywam się|mam na imię|اسمي)"
)
_NAME: Final = r"[A-ZÀ-ÖØ-ÞŁŚŻŹĆĄĘ][\w'-]+(?: [A-ZÀ-ÖØ-ÞŁŚŻŹĆĄĘ][\w'-]+){0,2}"
# Wanting to buy 5000 pieces names no order.
_NO_VERB: Final = r"(?<!\bto )(?<!\bwe )(?<!\bi )(?<!\byou )(?<!\bcan )"


@dataclass(frozen=True, slots=True)
class Found:
    kind: FactKind
    value: str

    @property
    def key(self) -> tuple[str, str]:
        """Equal for spellings of one thing."""
        kept = "".join(one for one in self.value.casefold() if one.isalnum())
        return self.kind, kept or self.value


@dataclass(frozen=True, slots=True)
class _Rule:
    kind: FactKind
    pattern: re.Pattern[str]
    cues: tuple[str, ...]
    """A cheap look beforehand: where none of these stands, in lower case, nothing is found."""


def _rule(kind: FactKind, pattern: str, cues: tuple[str, ...] = ("",)) -> _Rule:
    return _Rule(kind, re.compile(pattern, re.IGNORECASE), cues)


_ORDER_CUES: Final = (
    "order", "purchase", "bestell", "auftrag", "command", "pedido", "ordin", "encomenda", "zamówieni", "注文", "طلب",
)  # fmt: skip
_ACCOUNT_CUES: Final = (
    "customer", "account", "client", "member", "kont", "compte", "cuenta", "cont", "klient", "حساب",
    "kunden", "mitglied", "vertrag", "番号",
)  # fmt: skip
_OTHER_CUES: Final = (
    "invoice", "track", "ticket", "case", "reference", "booking", "serial", "rechnung", "sendung", "vorgang", "factur",
    "suivi", "seguimiento", "fattura", "tracciamento", "spedizione", "fatura", "nota fiscal", "rastre", "faktur",
    "przesyłk", "番号", "فاتورة", "شحنة",
)  # fmt: skip
_CURRENCY_CUES: Final = (
    "€", "$", "£", "¥", "zł", "円", "ريال", "درهم", "eur", "usd", "gbp", "chf", "pln", "jpy", "brl", "sar", "aed", "dollar",
    "dólar", "pound", "zlot",
)  # fmt: skip
_ERROR_CUES: Final = ("err", "fehler", "błąd", "błęd", "エラー", "خطأ")
_SYSTEM_CUES: Final = ("os ", "android ", "windows ", "ubuntu ", "chrome ", "firefox ", "safari ")
# To `re` these are letters of the alphabet as well where case is ignored.
_LOOK_ALIKE: Final = str.maketrans({"\u0130": "i", "\u0131": "i", "\u017f": "s", "\u212a": "k"})

# What an earlier rule took, a later one does not read again.
_RULES: Final[tuple[_Rule, ...]] = (
    _rule("url", r"(?<![\w@])((?:https?://|www\.)[^\s<>\"'`|\\^{}]{3,300})", ("://", "www.")),
    _rule("email", r"(?<![\w.+-])([\w.+-]{1,64}@(?:[\w-]{1,63}\.){1,4}[a-z]{2,24})(?![\w@])", ("@",)),
    _rule("version", r"(?<!\w)(?:version|firmware|build|versione|versión|versão|wersj\w|バージョン|الإصدار|v)\s?\.?:?\s?(\d{1,4}(?:\.\d{1,6}){1,3})(?![\w.]*\d)", (".",)),
    _rule("version", r"(?<!\w)((?:iOS|iPadOS|Android|Windows|macOS|Ubuntu|Chrome|Firefox|Safari) \d{1,4}(?:\.\d{1,5}){0,3})(?!\w)", _SYSTEM_CUES),
    _rule("error_code", rf"(?<![A-Za-zÀ-ž]){_ERRORS}{_MARK}{{0,2}}\s*[:#(\[]?\s*({_CODE}|[A-Z]{{2,8}}(?:_[A-Z0-9]{{2,12}}){{1,4}}|\d{{2,5}})(?![A-Za-z0-9_À-ž€$£%])", _ERROR_CUES),
    _rule("error_code", r"(?<!\w)(0x[0-9a-f]{4,16}|ERR_[A-Z_]{3,40}|HTTP [45]\d\d)(?!\w)", ("0x", "err_", "http ")),
    _rule("date", rf"(?<![\w.])({_YEAR}-[01]?\d-[0-3]?\d)(?![\w])", ("-",)),
    _rule("date", rf"(?<![\w./])([0-3]?\d[./][01]?\d[./](?:{_YEAR}|\d\d))(?![\w/])", (".", "/")),
    _rule("date", rf"(?<!\w)((?:[0-3]?\d(?:st|nd|rd|th|er|\.)?(?: de| of)? (?:{_MONTHS})\.?(?:,? (?:de |of )?{_YEAR})?))(?!\w)"),
    _rule("date", rf"(?<!\w)((?-i:(?=[A-Z]))(?:{_MONTHS})\.? [0-3]?\d(?:st|nd|rd|th)?(?:,? {_YEAR})?)(?![\w.,]?\d)(?!\w)"),
    _rule("date", r"((?:\d{4}年)?\d{1,2}月\d{1,2}日)", ("月",)),
    _rule("order", rf"(?<![A-Za-zÀ-ž])(?:the |my |your |{_NO_VERB}){_ORDERS}{_MARK}{{1,3}}\s*(?:is|ist|est|es|è|é|to|:)?\s*({_CODE}|#?\d{{3,12}})(?![A-Za-z0-9_À-ž])", _ORDER_CUES),
    _rule("order", rf"(?<![A-Za-zÀ-ž]){_NO_VERB}{_ORDERS}\s*\(?({_CODE}|#?\d{{4,12}})(?![A-Za-z0-9_À-ž])(?! (?:pieces|units|pcs|items|copies|stück))", _ORDER_CUES),
    _rule("order", r"(?<![\w/#&])(#\d{4,12})(?!\w)", ("#",)),
    _rule("order", r"(?<![\w-])((?:ORD|ORDER|PO|BST|CMD|PED|ZAM)-?\d{3,12})(?!\w)", ("ord", "po", "bst", "cmd", "ped", "zam")),
    _rule("account", rf"(?<![A-Za-zÀ-ž])(?:{_ACCOUNTS}{_MARK}{{1,3}}|{_NUMBERS})\s*:?\s*(?:is|ist|est|es|è|é|to|:)?\s*({_CODE}|\d{{4,14}})(?![A-Za-z0-9_À-ž])", _ACCOUNT_CUES),
    _rule("account", r"(?<!\w)([A-Z]{2}\d{2}(?: ?[A-Z0-9]{4}){2,7}(?: ?[A-Z0-9]{1,3})?)(?!\w)"),
    _rule("other", rf"(?<![A-Za-zÀ-ž]){_OTHERS}{_MARK}{{0,3}}\s*(?:is|ist|est|es|è|é|to|:)?\s*({_CODE}|\d{{4,24}})(?![A-Za-z0-9_À-ž])", _OTHER_CUES),
    _rule("amount", rf"(?<![\w.,])({_CURRENCY}\s?(?:{_SUM}))(?![\d])", _CURRENCY_CUES),
    _rule("amount", rf"(?<![\w.,/-])((?:{_SUM})\s?{_CURRENCY})", _CURRENCY_CUES),
    _rule("phone", r"(?<![\w.#-])(\+\d(?:[ ()./-]{0,2}\d){6,14})(?![\w-])", ("+",)),
    _rule("phone", r"(?<![\w.#-])(\(?0\d(?:[ ()/-]{0,2}\d){6,12})(?![\w-])", ("0",)),
)  # fmt: skip
_NAMED: Final = re.compile(rf"(?<!\w)(?i:{_NAMES})\s+({_NAME})")
_NAMED_AR: Final = re.compile(
    r"(?<!\w)اسمي\s+([\u0620-\u064a]{2,20}(?:\s[\u0620-\u064a]{2,20})?)(?!\w)"
)
_NAMED_JA: Final = re.compile(r"([\u4e00-\u9fff\u30a0-\u30ff]{1,8})と申します")
_TRAILING: Final = ".,;:!?)]}'\"»”。、"
_CHARS_MAX: Final = 200
# Signatures and advertisements of ours are no news to us; prices and terms that a bot quotes are
# everybody's, and nothing about this customer.
_NEWS: Final = {
    "bot": frozenset({"order"}),
    "agent": frozenset({"order", "amount", "date", "error_code", "version", "other"}),
}


def facts_in(text: str, role: Role) -> list[Found]:
    """The facts of a plain text that tell something of the customer, in the order they stand there."""
    by_customer = role == "customer"
    if not any(map(str.isdigit, text)) and "@" not in text and "://" not in text:
        return _names(text) if by_customer else []
    taken: list[tuple[int, int]] = []
    found: list[tuple[int, Found]] = []
    for rule in _hinted(text):
        for start, end, value in _matches(rule.pattern, text):
            if not any(start < other_end and end > other for other, other_end in taken):
                taken.append((start, end))
                found.append((start, Found(rule.kind, value)))
    facts = [one for _, one in sorted(found, key=lambda each: each[0])]
    if by_customer:
        return [*facts, *_names(text)]
    return [one for one in facts if one.kind in _NEWS.get(role, _NEWS["agent"])]


def _hinted(text: str) -> Iterator[_Rule]:
    """The rules that may find something."""
    lower = (text if text.isascii() else text.translate(_LOOK_ALIKE)).lower()
    for rule in _RULES:
        for cue in rule.cues:
            if cue in lower:
                yield rule
                break


def _matches(pattern: re.Pattern[str], text: str) -> Iterator[tuple[int, int, str]]:
    for match in pattern.finditer(text):
        value = match[1].rstrip(_TRAILING)
        if value and len(value) <= _CHARS_MAX:
            yield match.start(1), match.start(1) + len(value), value


def _names(text: str) -> list[Found]:
    for pattern in (_NAMED, _NAMED_AR, _NAMED_JA):
        if (match := pattern.search(text)) is not None:
            return [Found("name", match[1])]
    return []
