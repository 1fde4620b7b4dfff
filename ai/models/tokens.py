"""How many tokens a text is at most, without a tokenizer: real ones download their tables. Pure.

An upper bound by script of what vocabularies of today make of it, and not much more. Its measure are the
sentences OpenAI has published with their counts (openai.com/index/hello-gpt-4o, May 2024): in cl100k, which
`text-embedding-3` reads by, Russian takes .5 tokens a character, Arabic .8, Japanese .9, Chinese and
Hindi 1; in o200k half to four fifths of that. `tests/ai/models/test_tokens.py` holds them against this.
"""

import re
from typing import Final

_WORD: Final = re.compile(r" ?([A-Z]?[a-z]+|[A-Z])")
_LETTERS_A_TOKEN: Final = 2
"""Of a word in plain letters, the blank before it free. In English it is four; noise has two."""
_ONE_EACH: Final = re.compile(
    "[\u00c0-\u017f"  # Latin with marks
    "\u0384-\u03ce"  # Greek
    "\u0400-\u045f\u0490\u0491"  # Cyrillic, without what is written no more or by few
    "\u05d0-\u05ea"  # Hebrew
    "\u0621-\u064a\u067e\u0686\u06a9\u06af\u06cc"  # Arabic, Persian
    "\u3001\u3002\u3041-\u3093\u30a1-\u30f4\u30fc]"  # Kana, and the signs between
)
"""Such a letter has a token of its own in every vocabulary, so that noise is no more than a token each."""
_TWO_EACH: Final = re.compile(
    "[\u0900-\u097f"  # Devanagari
    "\u0e01-\u0e5b"  # Thai
    "\u1ea0-\u1ef9"  # Vietnamese
    "\u4e00-\u9fff"  # Han
    "\uac00-\ud7a3"  # Hangul
    "\uff01-\uff5e]"  # Latin and signs as wide as Han
)
"""Three bytes, two of them one token where the whole has none of its own."""


def tokens_at_most(text: str) -> int:
    """Count. More text is never fewer tokens, and parts are never fewer than their whole.

    Takes a fifth of a second for a million characters.
    """
    words = sum(-(-len(one) // _LETTERS_A_TOKEN) for one in _WORD.findall(text))
    rest, ones = _ONE_EACH.subn("", _WORD.sub("", text))
    rest, twos = _TWO_EACH.subn("", rest)
    # Digits and signs are a token each for some, and what no vocabulary knows one for each byte.
    # Half of a surrogate pair, which is no text, has three.
    return words + ones + 2 * twos + len(rest.encode(errors="surrogatepass"))
