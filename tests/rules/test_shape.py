"""The shape of the code (docs/style.md): sizes, imports, names."""

import ast
from pathlib import Path

import pytest

from tests.support import tree
from tests.support.tree import BESIDE, PACKAGES, ROOT, Source

MAX_FILE_LINES = 400
MAX_TEST_LINES = 500  # cases are read one by one
MAX_BODY_LINES = 40
MAX_LONG_SHARE = 0.02
# ADR 0041.
KERNEL_BUDGET_LINES = 2_100
# Functions that are one long straight line of thought; a name here needs a reason.
LONG_BODIES = {"gateway/resources.py:assemble": "a line for each part of a gateway"}
# Start-up speed: `chorus --help` must not load five processes.
LATE_IMPORTS = ("launch/cli.py", "launch/kb_commands.py")
BANNED_FILES = {"utils", "util", "helpers", "helper", "misc", "manager", "managers", "base", "core"}
BANNED_ENDINGS = ("Manager", "Helper", "Util", "Utils", "Impl")
FRONT_END = ("sdk", "webchat", "webchat-react", "console")

EVERYTHING = tree.sources(*PACKAGES, *BESIDE)
SHIPPED = tree.sources()


def by_name(source: Source) -> str:
    return source.name


def typescript_files() -> list[Path]:
    found = (path for folder in FRONT_END for path in (ROOT / folder).rglob("*.ts*"))
    return [
        path
        for path in found
        if path.suffix in {".ts", ".tsx"}
        and not path.name.endswith(".gen.ts")
        and not {"node_modules", "dist"} & set(path.parts)
    ]


@pytest.mark.parametrize("source", EVERYTHING, ids=by_name)
def test_a_file_has_at_most_400_lines(source: Source) -> None:
    lines = len(source.text.splitlines())
    most = MAX_TEST_LINES if source.package == "tests" else MAX_FILE_LINES
    assert lines <= most, f"{source.name} has {lines} lines: move one idea to its own file"


def test_a_typescript_file_has_at_most_400_lines() -> None:
    long = {
        path.relative_to(ROOT).as_posix(): lines
        for path in typescript_files()
        if (lines := len(path.read_text().splitlines())) > MAX_FILE_LINES
    }
    assert not long, f"move one idea to its own file: {long}"


def test_a_function_body_has_at_most_40_lines() -> None:
    bodies = {
        name: tree.body_lines(it)
        for source in EVERYTHING
        if source.package != "tests"
        for name, it in tree.functions(source)
    }
    long = {name: lines for name, lines in bodies.items() if lines > MAX_BODY_LINES}
    assert set(long) <= set(LONG_BODIES), f"split these, or name them with a reason: {long}"
    assert set(LONG_BODIES) <= set(long), "an exception is no longer needed: take it away"
    assert len(LONG_BODIES) <= MAX_LONG_SHARE * len(bodies)


def test_the_shared_language_stays_small() -> None:
    definitions = ("chorus/wire/", "chorus/tables/")
    kernel = [one for one in tree.sources("chorus") if not one.name.startswith(definitions)]
    lines = sum(tree.code_lines(one) for one in kernel)
    assert lines <= KERNEL_BUDGET_LINES, (
        f"chorus/ has {lines} code lines; what one service uses belongs to that service"
    )


@pytest.mark.parametrize(
    "source", [one for one in SHIPPED if one.path.name == "__init__.py"], ids=by_name
)
def test_a_package_exports_nothing_of_its_modules(source: Source) -> None:
    statements = [one for one in source.tree.body if not _is_docstring(one)]
    assert not statements, f"{source.name}: import from the module that defines it"


def _is_docstring(statement: ast.stmt) -> bool:
    return isinstance(statement, ast.Expr) and isinstance(statement.value, ast.Constant)


def test_imports_stand_at_the_top() -> None:
    late = [
        f"{name} line {node.lineno}"
        for source in SHIPPED
        if source.name not in LATE_IMPORTS
        for name, function in tree.functions(source)
        for node in ast.walk(function)
        if isinstance(node, (ast.Import, ast.ImportFrom))
    ]
    assert not late, f"an import inside a function hides a dependency: {late}"


def test_no_file_is_an_attic() -> None:
    attics = [one.name for one in EVERYTHING if one.path.stem in BANNED_FILES]
    assert not attics, f"name a file after the idea it holds: {attics}"


def test_no_class_is_named_after_nothing() -> None:
    vague = [
        f"{source.name}:{node.name}"
        for source in SHIPPED
        for node in ast.walk(source.tree)
        if isinstance(node, ast.ClassDef) and node.name.endswith(BANNED_ENDINGS)
    ]
    assert not vague, f"say what it is or does: {vague}"


def test_settings_files_hold_settings_and_nothing_else() -> None:
    others = [
        f"{source.name}:{node.name}"
        for source in SHIPPED
        if source.path.name == "settings.py" and source.package != "chorus"
        for node in source.tree.body
        if isinstance(node, ast.ClassDef) and not node.name.endswith("Settings")
    ]
    assert not others, f"`settings.py` means settings everywhere: {others}"


def test_composition_roots_make_an_app_or_run_a_process() -> None:
    wanted = {"create_app", "main", "run", "serve"}
    lost = [
        source.name
        for source in SHIPPED
        if source.path.name in {"app.py", "writer.py", "conductor.py", "worker.py"}
        and not wanted & {getattr(node, "name", "") for node in source.tree.body}
    ]
    assert not lost, f"`app.py` makes an app, a worker has `main` or `run`: {lost}"
