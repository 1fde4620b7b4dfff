"""Texts that try to give orders to a model, by where they come from; and ways to hide them."""

import base64
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any, Final

import yaml

PLACES: Final = ("message", "article", "tool", "file_name", "summary")
CORPUS: Final[dict[str, Any]] = yaml.safe_load(
    (Path(__file__).parent / "corpus" / "injections.yaml").read_text(encoding="utf-8")
)
ATTACKS: Final = [(f"{place}-{n}", one) for place in PLACES for n, one in enumerate(CORPUS[place])]
_WORDS: Final = re.compile(r"[A-Z][A-Za-z ,.%0-9]{20,}")
IN_WORDS: Final = [one["text"] for _, one in ATTACKS if _WORDS.fullmatch(one["text"])]
_LOOK: Final = str.maketrans("aeopcyxijsdqwAEOPCTXIJS", "аеорсухіјѕԁԛԝАЕОРСТХІЈЅ")
_BOLD: Final = {
    **{chr(65 + n): chr(0x1D400 + n) for n in range(26)},
    **{chr(97 + n): chr(0x1D41A + n) for n in range(26)},
}
DISGUISES: Final[dict[str, Callable[[str], str]]] = {
    "upper case": str.upper,
    "zero-width blanks": "\u200b".join,
    "soft hyphens": lambda text: text.replace("e", "e\u00ad"),
    "full width": lambda text: "".join(
        chr(ord(one) + 0xFEE0) if 33 <= ord(one) < 127 else one for one in text
    ),
    "look-alikes": lambda text: text.translate(_LOOK),
    "accents": lambda text: text.replace("o", "o\u0301").replace("e", "e\u0300"),
    "mathematical letters": lambda text: "".join(_BOLD.get(one, one) for one in text),
    "letters apart": lambda text: "   ".join(" ".join(word) for word in text.split()),
    "a word a line": lambda text: text.replace(" ", "\n"),
    "pictures between": lambda text: text.replace(" ", " 🙂 "),
    "markup between": lambda text: text.replace(" ", " <b></b>"),
    "entities": lambda text: "".join(f"&#{ord(one)};" for one in text),
    "base64": lambda text: base64.b64encode(text.encode()).decode(),
    "invisible letters": lambda text: "Hi" + "".join(chr(0xE0000 + ord(one)) for one in text),
}
