"""Which language a text is in: by script, then by its smallest words. Unsure is an answer."""

import re
from collections.abc import Mapping
from typing import Final

_LATIN: Final = "A-Za-z\u00c0-\u024f"
_OTHERS: Final[Mapping[str, str]] = {
    "ja": "\u3040-\u30ff\u31f0-\u31ff",
    "zh": "\u4e00-\u9fff",
    "ar": "\u0620-\u064a\u0671-\u06d3",
    "ru": "\u0400-\u04ff",
    "el": "\u0370-\u03ff",
    "he": "\u05d0-\u05ea",
    "ko": "\uac00-\ud7a3",
    "th": "\u0e00-\u0e7f",
}
_SCRIPTS: Final = re.compile(
    "|".join(f"(?P<{name}>[{letters}])" for name, letters in {**_OTHERS, "la": _LATIN}.items())
)
_IS_OTHER: Final = re.compile(f"[{''.join(_OTHERS.values())}]")
_IS_LATIN: Final = re.compile(f"[{_LATIN}]")
_WORD: Final = re.compile(r"[^\W\d_]+(?:'[^\W\d_]+)?")
_READ_CHARS: Final = 400
_SMALL: Final[Mapping[str, str]] = {
    "en": "the and is are an i'll you'll we'll which who than then our its does did which one two three about after before was were to of my i'm i've you your it it's this that what when why how"
    " can could would please have has had not don't doesn't with for on in at we do did be been am"
    " there here order hello hi thanks thank still where will no yes an he she they me from by but if",
    "de": "der die das und ist sind war nicht ich sie mir mich mein meine meinen meiner es ein eine"
    " einen zu mit für auf im den dem wie wann warum wo kann können bitte habe hat haben noch aber"
    " guten tag hallo danke von bei nach auch wird werden ihre ihren uns wir wenn dass schon kein keine zwei drei seit sehr hier"
    " viel viele wieviel möchte sprechen ohne tage",
    "fr": "le la les et est sont je j'ai vous votre mon ma mes un une des du de pas ne que qui pour"
    " avec sur dans bonjour merci quand pourquoi comment où c'est il elle nous ai avez peut pouvez"
    " mais toujours ce cette ça au aux en plus n'est n'ai s'il plaît bonsoir été deux trois après avant vont"
    " à combien jour jours quel quelle quels quelles voudrais veux aimerais parler faire fait sans depuis chez être suis livraison colis",
    "es": "el la los las y es son mi mis un una de del no que por para con en cuándo cómo dónde"
    " qué hola gracias pero tengo he ha me lo le se está estoy puedo puede favor todavía su sus"
    " ya muy al buenos días soy hay desde mi pedido quiero fui dos tres cada vamos hasta dentro les nos"
    " cuesta tarda cuánto cuánta cuántos cuántas quisiera hablar sin desde hacer",
    "it": "il lo la gli le è sono mio mia miei un una di del della non che per con in quando"
    " come dove perché ciao grazie ma ho ha mi si ancora può posso sto questo questa buongiorno"
    " salve al alla anche da più vorrei ordine nel nella due tre ogni dopo sul"
    " quanto quanti quante quanta costa consegna vorrei parlare senza giorni fare",
    "pt": "os as é são meu minha um uma de do da não que por para com em quando como onde"
    " olá obrigado obrigada mas tenho está estou pode posso ainda isso este esta já bom dia você"
    " vocês ao à no na foi eu seu sua favor muito fui duas dois três cada vamos dentro até mesmo"
    " quanto quantos quantas custa leva gostaria quero falar sem desde dias fazer",
    "pl": "w na z nie jest są mój moja moje mi się że do co to jak kiedy gdzie dlaczego czy proszę"
    " dzień dobry dziękuję ale mam już jeszcze po od za dla przez był była został nadal państwa"
    " tak jestem moją mojego ten ta dwa trzy przed państwo"
    " ile chcę chciałbym chciałabym rozmawiać bez dni",
    "nl": "de het een en is zijn niet ik mijn u je jij wij dat die van op met voor te maar heb heeft"
    " kan kunt wanneer waarom hoe waar hallo bedankt nog bestelling naar deze graag alstublieft"
    " hoeveel wil spreken zonder dagen",
}
_HINTS: Final = re.compile(
    r"(?P<pl>[łżźśćńąę])|(?P<de>[ß])|(?P<es>[ñ¿¡])|(?P<pt>[ãõ])|(?P<fr>[œêèû])"
)
_BY_WORD: Final[Mapping[str, tuple[str, ...]]] = {
    word: tuple(one for one in _SMALL if word in _SMALL[one].split())
    for words in _SMALL.values()
    for word in words.split()
}
SURE: Final = 1.0
"""Small words of one language only that tell it; a text of another script needs none."""


def language_of(text: str, expected: str = "") -> str:
    """ISO 639-1 of a plain text; empty when too little of it tells.

    `expected` is what was spoken until now: between close relatives it decides.
    """
    read = text[:_READ_CHARS]
    if not _IS_OTHER.search(read):
        return _latin(read.lower(), expected) if _IS_LATIN.search(read) else ""
    scripts: dict[str, int] = {}
    for found in _SCRIPTS.finditer(read):
        name = found.lastgroup or ""
        scripts[name] = scripts.get(name, 0) + 1
    # Japanese is written in Chinese characters too, Chinese never in kana.
    if "ja" in scripts:
        scripts["ja"] += scripts.pop("zh", 0)
    # An Arabic sentence with an English product name is Arabic.
    foreign = {name: count for name, count in scripts.items() if name != "la"}
    first = max(foreign, key=foreign.__getitem__)
    if 4 * foreign[first] >= scripts.get("la", 0):
        return first
    return _latin(read.lower(), expected)


def _latin(text: str, expected: str) -> str:
    scores: dict[str, float] = {}
    for word in _WORD.findall(text):
        spoken = _BY_WORD.get(word, ())
        for one in spoken:
            scores[one] = scores.get(one, 0.0) + (1.0 if len(spoken) == 1 else 0.6)
    for found in _HINTS.finditer(text):
        name = found.lastgroup or ""
        scores[name] = scores.get(name, 0.0) + 0.8
    if expected in scores:
        scores[expected] += 1.0
    ranked = sorted(scores.items(), key=lambda one: (-one[1], one[0]))
    if not ranked:
        return ""
    lead = ranked[0][1] - (ranked[1][1] if len(ranked) > 1 else 0.0)
    return ranked[0][0] if ranked[0][1] >= SURE and lead > 0.3 else ""
