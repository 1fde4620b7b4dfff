"""The source tree as the rules see it: files, functions, calls."""

import ast
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
PACKAGES = (
    "chorus",
    "ai",
    "gateway",
    "chat_service",
    "presence",
    "bot",
    "summary_engine",
    "launch",
    "migrations",
    "evals",
)
BESIDE = ("tools", "load", "tests")

Function = ast.FunctionDef | ast.AsyncFunctionDef


@dataclass(frozen=True, slots=True)
class Source:
    """A Python file."""

    path: Path

    @property
    def name(self) -> str:
        """Its path inside the repository."""
        return self.path.relative_to(ROOT).as_posix()

    @property
    def package(self) -> str:
        return self.path.relative_to(ROOT).parts[0]

    @property
    def text(self) -> str:
        return self.path.read_text()

    @property
    def tree(self) -> ast.Module:
        return _parsed(self.path)


@cache
def _parsed(path: Path) -> ast.Module:
    return ast.parse(path.read_text())


def sources(*folders: str) -> list[Source]:
    """The Python files of these folders, or of all packages."""
    wanted = folders or PACKAGES
    return [Source(path) for folder in wanted for path in sorted((ROOT / folder).rglob("*.py"))]


def functions(source: Source) -> Iterator[tuple[str, Function]]:
    """Every function with its qualified name."""
    yield from _functions(source.tree, f"{source.name}:")


def _functions(node: ast.AST, prefix: str) -> Iterator[tuple[str, Function]]:
    for child in ast.iter_child_nodes(node):
        if isinstance(child, (ast.FunctionDef, ast.AsyncFunctionDef)):
            yield prefix + child.name, child
        inner = f"{prefix}{child.name}." if isinstance(child, (Function, ast.ClassDef)) else prefix
        yield from _functions(child, inner)


def body_lines(function: Function) -> int:
    """How many lines the body has, without its docstring."""
    body = function.body[1:] if ast.get_docstring(function) else function.body
    return (body[-1].end_lineno or 0) - body[0].lineno + 1 if body else 0


def code_lines(source: Source) -> int:
    """Lines that hold code: no blank ones, no comments, no docstrings."""
    docs = {line for node in ast.walk(source.tree) for line in _docstring_lines(node)}
    numbered = enumerate(source.text.splitlines(), start=1)
    return sum(
        1
        for number, line in numbered
        if line.strip() and not line.strip().startswith("#") and number not in docs
    )


def _docstring_lines(node: ast.AST) -> range:
    if (
        isinstance(node, ast.Expr)
        and isinstance(node.value, ast.Constant)
        and isinstance(node.value.value, str)
    ):
        return range(node.lineno, (node.end_lineno or node.lineno) + 1)
    return range(0)


def calls(source: Source) -> Iterator[tuple[str, ast.Call]]:
    """Every call with the dotted name of what is called; an unnamed receiver is `?`."""
    for node in ast.walk(source.tree):
        if isinstance(node, ast.Call):
            yield dotted(node.func), node


def dotted(node: ast.expr) -> str:
    if isinstance(node, ast.Attribute):
        return f"{dotted(node.value)}.{node.attr}"
    if isinstance(node, ast.Call):
        return f"{dotted(node.func)}()"
    return node.id if isinstance(node, ast.Name) else "?"


def names(source: Source) -> Iterator[tuple[str, int]]:
    """Every dotted name that is read, with its line."""
    for node in ast.walk(source.tree):
        if isinstance(node, ast.Attribute):
            yield dotted(node), node.lineno
