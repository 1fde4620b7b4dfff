"""What exists is documented, what is generated is current, what is linked is there."""

import re
from pathlib import Path

import pytest
from pydantic.fields import FieldInfo

from chat_service.events import REGISTRY, EventKind
from chorus.codes import CLOSE_MEANING, NackCode
from chorus.settings import Settings, variable
from chorus.wire.client import CLIENT_FRAMES
from chorus.wire.server import SERVER_FRAMES
from tests.support.tree import ROOT
from tools import gen
from tools.gen_metrics import collectors
from tools.gen_settings import own_fields, settings_classes
from tools.gen_typescript import wire_typescript

FIELDS = [
    pytest.param(kind, name, info, id=variable(kind, name))
    for kind in settings_classes()
    for name, info in own_fields(kind).items()
]
UNITS = (
    "_ms",
    "_s",
    "_h",
    "_days",
    "_bytes",
    "_per_s",
    "_burst",
    "_max",
    "_items",
    "_size",
    "_mib",
)
LINK = re.compile(r"\[[^\]]*\]\((?!https?://|mailto:|#)([^)#\s]+)")
DECISIONS = ROOT / "docs" / "adr"
SECTIONS = ("## Context", "## Decision", "## Consequences", "## Alternatives", "## Enforced by")


def page(name: str) -> str:
    return (ROOT / name).read_text()


def markdown_files() -> list[Path]:
    return sorted([*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md")])


@pytest.mark.parametrize(
    "path", gen.generated(), ids=lambda path: path.relative_to(ROOT).as_posix()
)
def test_a_generated_file_is_current(path: Path) -> None:
    assert path not in set(gen.stale()), "run `make gen` and commit what it writes"


@pytest.mark.parametrize(("kind", "name", "info"), FIELDS)
def test_a_setting_is_documented(kind: type[Settings], name: str, info: FieldInfo) -> None:
    assert info.description, f"{kind.__name__}.{name} needs a docstring below it"
    assert f"`{variable(kind, name)}`" in page("docs/settings.md")
    assert f"{variable(kind, name)}=" in page(".env.example")


@pytest.mark.parametrize(("kind", "name", "info"), FIELDS)
def test_a_duration_or_size_carries_its_unit(
    kind: type[Settings], name: str, info: FieldInfo
) -> None:
    words = set((info.description or "").lower().split())
    if {"seconds", "milliseconds", "bytes", "hours"} & words:
        assert name.endswith(UNITS), f"{kind.__name__}.{name}: say the unit in the name"


@pytest.mark.parametrize("name", collectors())
def test_a_metric_is_documented_under_the_name_it_is_exposed_by(name: str) -> None:
    collector = collectors()[name]
    exposed = {sample.name for metric in collector.describe() for sample in metric.samples}
    described = {metric.name for metric in collector.describe()}
    assert name.removesuffix("_total") in described or name in exposed
    assert f"`{name}`" in page("docs/metrics.md")


@pytest.mark.parametrize("name", collectors())
def test_a_metric_never_counts_tenants(name: str) -> None:
    labels = set(collectors()[name]._labelnames)
    assert not labels & {"tenant", "tenant_id", "conversation", "user", "agent", "contact"}


@pytest.mark.parametrize("event", sorted({*CLIENT_FRAMES, *SERVER_FRAMES}))
def test_a_frame_is_documented(event: str) -> None:
    assert f"\n| `{event}` |" in page("docs/protocol.md")
    assert f'event: "{event}";' in wire_typescript()
    models = [frames[event] for frames in (CLIENT_FRAMES, SERVER_FRAMES) if event in frames]
    assert all(vars(model).get("__doc__") for model in models), f"`{event}` needs a docstring"


@pytest.mark.parametrize("kind", REGISTRY.values(), ids=REGISTRY)
def test_a_domain_event_is_documented(kind: EventKind) -> None:
    assert f"\n| `{kind.name}` | {kind.version} |" in page("docs/events.md")
    assert kind.says.endswith(".")


@pytest.mark.parametrize("code", [int(code) for code in CLOSE_MEANING])
def test_a_close_code_is_documented(code: int) -> None:
    assert f"\n| {code} |" in page("docs/protocol.md")


@pytest.mark.parametrize("code", list(NackCode))
def test_a_nack_code_is_documented(code: NackCode) -> None:
    assert f"\n| `{code}` |" in page("docs/protocol.md")


@pytest.mark.parametrize(
    "path", markdown_files(), ids=lambda path: path.relative_to(ROOT).as_posix()
)
def test_a_link_leads_somewhere(path: Path) -> None:
    broken = [link for link in LINK.findall(path.read_text()) if not (path.parent / link).exists()]
    assert not broken


def test_decisions_are_numbered_without_gaps() -> None:
    numbers = sorted(int(path.name[:4]) for path in DECISIONS.glob("[0-9]*.md"))
    assert numbers == list(range(1, len(numbers) + 1))


@pytest.mark.parametrize("path", sorted(DECISIONS.glob("[0-9]*.md")), ids=lambda path: path.stem)
def test_a_decision_has_all_its_parts_on_one_page(path: Path) -> None:
    text = path.read_text()
    assert text.startswith(f"# {path.name[:4]} ")
    assert [one for one in SECTIONS if one not in text] == []
    assert len(text.splitlines()) <= 60


def test_a_decision_that_the_code_cites_exists() -> None:
    known = {path.name[:4] for path in DECISIONS.glob("[0-9]*.md")}
    folders = (
        "chorus",
        "gateway",
        "chat_service",
        "presence",
        "launch",
        "migrations",
        "tools",
        "sdk/src",
    )
    found = (path for folder in folders for path in (ROOT / folder).rglob("*.[pt][ys]*"))
    files = [path for path in found if path.suffix != ".pyc"]
    cited = {number for path in files for number in re.findall(r"ADR-(\d{4})", path.read_text())}
    assert cited <= known


def test_the_map_names_files_that_exist() -> None:
    named = set(
        re.findall(
            r"`((?:[a-z_]+/)+[a-z_0-9-]+\.(?:py|ts|tsx|md|json|lua|sh))`", page("ARCHITECTURE.md")
        )
    )
    assert named, "the map names no file"
    assert not [name for name in sorted(named) if not (ROOT / name).exists()]


def test_the_map_fits_in_300_lines() -> None:
    assert len(page("ARCHITECTURE.md").splitlines()) <= 300
