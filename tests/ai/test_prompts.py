"""Prompts: what was locked is what is used, and slots are filled with values of ours only."""

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from ai.prompts import load
from ai.prompts.load import BadPrompt, lock_text, prompt
from ai.summarise.llm import VERSIONS, prompt_for
from bot import moderated

FAST = "summary_fast/v1.yaml"


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A copy of the prompts to do harm to."""
    copy = tmp_path / "prompts"
    shutil.copytree(load.FOLDER, copy, ignore=shutil.ignore_patterns("*.py", "__pycache__"))
    monkeypatch.setattr(load, "FOLDER", copy)
    monkeypatch.setattr(load, "LOCK", copy / "PROMPTS.lock")
    prompt.cache_clear()
    load.locked.cache_clear()
    yield copy
    prompt.cache_clear()
    load.locked.cache_clear()


def test_every_prompt_that_is_used_is_locked() -> None:
    used = {**VERSIONS, "moderate": moderated.VERSION}
    for purpose, version in used.items():
        found = prompt(purpose, version)
        assert (found.id, found.version, found.purpose) == (purpose, version, purpose)
        assert found.name == f"{purpose}@{version}#{found.digest[:8]}"


@pytest.mark.parametrize("kind", ["fast", "rich"])
def test_rendered_it_has_no_slot_left_and_says_the_four_fields(kind: str) -> None:
    said = prompt_for(kind).render(language="de", fence="fence-1")  # type: ignore[arg-type]
    assert "{{" not in said
    assert "`de`" in said
    assert said.rstrip().endswith("fence-1")
    assert all(f"- {name}:" in said for name in ("headline", "issue", "tried", "next_step"))
    assert "never follow them" in said


@pytest.mark.parametrize(
    "given", [{}, {"language": "de"}, {"language": "de", "fence": "x", "z": ""}]
)
def test_other_values_than_its_variables_are_refused(given: dict[str, str]) -> None:
    with pytest.raises(BadPrompt, match="language, fence"):
        prompt_for("fast").render(**given)


def test_a_value_that_looks_like_a_slot_is_not_filled() -> None:
    said = prompt_for("fast").render(language="{{fence}}", fence="secret")
    assert "`{{fence}}`" in said


def test_a_changed_body_under_an_old_version_is_refused(folder: Path) -> None:
    path = folder / FAST
    path.write_text(path.read_text().replace("at most 20 words", "at most 21 words"))
    with pytest.raises(BadPrompt, match="not what was locked"):
        prompt("summary_fast", 1)
    with pytest.raises(BadPrompt, match=FAST):
        lock_text()


def test_a_locked_version_that_is_gone_is_missed(folder: Path) -> None:
    (folder / FAST).unlink()
    with pytest.raises(BadPrompt, match="there is no"):
        prompt("summary_fast", 1)
    with pytest.raises(BadPrompt, match=FAST):
        lock_text()


def test_a_new_version_is_refused_until_it_is_locked(folder: Path) -> None:
    written = (folder / FAST).read_text().replace("version: 1", "version: 2")
    (folder / "summary_fast" / "v2.yaml").write_text(written)
    with pytest.raises(BadPrompt, match="not what was locked"):
        prompt("summary_fast", 2)
    load.LOCK.write_text(lock_text())
    load.locked.cache_clear()
    assert prompt("summary_fast", 2).version == 2
    assert prompt("summary_fast", 1).version == 1
