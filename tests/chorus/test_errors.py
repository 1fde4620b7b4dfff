"""The tree of errors is the one that is drawn, and every edge finds its answer in the class."""

import re
from collections.abc import Iterator

import pytest

from chorus import errors
from chorus.codes import CLOSE_MEANING, NackCode
from chorus.errors import BY_NACK, ChorusError

DRAWN = re.compile(r"^(?P<lead>[ │├└─]*)(?P<name>[A-Z]\w+)(?P<rest>.*)$")


def subclasses(kind: type[ChorusError]) -> Iterator[type[ChorusError]]:
    for child in kind.__subclasses__():
        if child.__module__ == errors.__name__:
            yield child
            yield from subclasses(child)


ALL = list(subclasses(ChorusError))


def drawn_tree() -> dict[str, tuple[str, str]]:
    """Name → (parent, what stands behind it) of the drawing in the module's docstring."""
    tree: dict[str, tuple[str, str]] = {}
    parents: list[tuple[int, str]] = []
    for line in (errors.__doc__ or "").splitlines():
        match = DRAWN.match(line)
        if match is None or (not parents and match["name"] != "ChorusError"):
            continue
        if not match["lead"].startswith("    "):
            continue
        depth = len(match["lead"])
        parents = [one for one in parents if one[0] < depth]
        tree[match["name"]] = (parents[-1][1] if parents else "", match["rest"])
        parents.append((depth, match["name"]))
    return tree


def test_the_drawing_is_the_real_tree() -> None:
    real = {kind.__name__: kind.__bases__[0].__name__ for kind in ALL}
    drawn = {name: parent for name, (parent, _) in drawn_tree().items() if parent}
    assert drawn == real


@pytest.mark.parametrize("kind", ALL, ids=lambda kind: kind.__name__)
def test_numbers_in_the_drawing_are_true(kind: type[ChorusError]) -> None:
    _, facts = drawn_tree()[kind.__name__]
    for close in re.findall(r"\b4[0-3]\d\d\b", facts):
        assert kind.close == int(close)
    if statuses := re.findall(r"(?<!\d)([45]\d\d)(?!\d)", facts):
        assert str(kind.status) in statuses
    for code in re.findall(r"\b[A-Z]+(?:_[A-Z]+)+\b|\bINVALID\b|\bFORBIDDEN\b", facts):
        assert kind.code == code


@pytest.mark.parametrize("kind", ALL, ids=lambda kind: kind.__name__)
def test_an_error_tells_the_user_its_docstring(kind: type[ChorusError]) -> None:
    error = kind()
    assert error.detail == (kind.__doc__ or "").strip()
    assert error.detail.endswith(".")
    assert error.expected
    assert 400 <= error.status <= 599
    assert error.close in CLOSE_MEANING


def test_an_error_may_say_more() -> None:
    error = errors.RateLimited("Wait.", retry_after_ms=5)
    assert (str(error), error.detail, error.extra) == ("Wait.", "Wait.", {"retry_after_ms": 5})


def test_what_is_not_expected_is_an_internal_error() -> None:
    assert (ChorusError.status, ChorusError.expected) == (500, False)


@pytest.mark.parametrize("code", [code for code in NackCode if code in BY_NACK])
def test_a_nack_code_has_the_rest_answer_of_its_kind(code: NackCode) -> None:
    assert issubclass(BY_NACK[code], ChorusError)
    assert BY_NACK[code].code in (code, NackCode.INVALID)


def test_only_socket_words_have_no_rest_answer() -> None:
    assert set(NackCode) - set(BY_NACK) == {NackCode.ATTACHMENT_PENDING, NackCode.UNRECOVERABLE}


def test_slugs_are_stable() -> None:
    assert errors.NotFound().slug == "NOT_FOUND"
    assert errors.KeyReused().slug == "KEY_REUSED"
