"""An answer as a model writes it: JSON that comes in pieces, read as far as it has come. Pure."""

import re
from dataclasses import dataclass
from typing import Annotated, Final

import orjson
from pydantic import Field, ValidationError

from ai.contracts import Contract

SENTENCES_MAX: Final = 8
WRITTEN_CHARS_MAX: Final = 20_000
_NOT: Final = re.compile(r'"answerable"\s*:\s*false')
_DEPTH: Final = 3
"""The answer, its list, and in it a sentence."""


class Sentence(Contract):
    """One sentence, and the numbers of the passages that it rests on."""

    text: str
    passages: list[int]


class ModelAnswer(Contract):
    """An answer to a customer, sentence by sentence."""

    answerable: Annotated[bool, Field(strict=True)]
    sentences: Annotated[list[Sentence], Field(max_length=SENTENCES_MAX)]


class BadAnswer(Exception):
    """What is written is no answer, or too much of one."""


@dataclass(slots=True)
class Reading:
    """Takes pieces, however they were cut, and gives each sentence once it is whole."""

    _text: str = ""
    _at: int = 0
    _depth: int = 0
    _began: int = 0
    _quoted: bool = False
    _escaped: bool = False

    @property
    def refuses(self) -> bool:
        """Whether it says that the passages do not answer."""
        return _NOT.search(self._text) is not None

    def take(self, piece: str) -> list[Sentence]:
        """Read on.

        Raises:
            BadAnswer: what stands there is no sentence, or there is no end to it.
        """
        self._text += piece
        if len(self._text) > WRITTEN_CHARS_MAX:
            raise BadAnswer
        whole = []
        while self._at < len(self._text):
            if self._step(self._text[self._at]):
                whole.append(self._text[self._began : self._at + 1])
            self._at += 1
        return [_sentence(one) for one in whole]

    def _step(self, letter: str) -> bool:
        """One letter; says whether a sentence ends with it."""
        if self._quoted:
            self._quoted = self._escaped or letter != '"'
            self._escaped = letter == "\\" and not self._escaped
            return False
        if letter == '"':
            self._quoted = self._depth > 0
        elif letter in "{[":
            self._depth += 1
            if self._depth == _DEPTH and letter == "{":
                self._began = self._at
        elif letter in "}]":
            self._depth -= 1
            return letter == "}" and self._depth == _DEPTH - 1
        return False


def _sentence(written: str) -> Sentence:
    try:
        return Sentence.model_validate(orjson.loads(written))
    except (ValidationError, ValueError) as error:
        raise BadAnswer from error
