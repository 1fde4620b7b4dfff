"""The page about the widget names all that `webchat/src/api.ts` offers, and no more."""

import re

import pytest

from tests.support.tree import ROOT

API = (ROOT / "webchat" / "src" / "api.ts").read_text()
PAGE = (ROOT / "docs" / "widget.md").read_text()
MEMBER = re.compile(r'^  (?:readonly )?"?([a-zA-Z][\w:]*)"?\??(?:<[^(]*>)?[(:]', re.MULTILINE)
SECTIONS = {"Settings": "## Settings", "Methods": "## Methods", "Events": "## Events"}
# Part of a cell's explanation, not names of the first column.
NAME = re.compile(r"`([a-zA-Z][\w:]*)(?:\([^`]*\))?`")


def members(interface: str) -> set[str]:
    body = API.split(f"export interface {interface} {{", 1)[1].split("\n}", 1)[0]
    return set(MEMBER.findall(body))


def documented(heading: str) -> set[str]:
    """The names in the first column of the tables of a section."""
    section = PAGE.split(f"\n{heading}\n", 1)[1].split("\n## ", 1)[0]
    rows = [line.split(" | ")[0] for line in section.splitlines() if line.startswith("| `")]
    return {name for row in rows for name in NAME.findall(row)}


@pytest.mark.parametrize("interface", SECTIONS)
def test_the_page_names_what_there_is_and_nothing_else(interface: str) -> None:
    assert len(members(interface)) > 20
    assert documented(SECTIONS[interface]) == members(interface)
