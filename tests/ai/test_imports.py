"""The edge stays quick to start: it reaches the extractor, and nothing that reaches a model."""

import ast
import subprocess
import sys

import pytest

from tests.support import tree

HEAVY = (
    "langchain", "langchain_core", "langchain_openai", "langgraph", "chromadb", "openai", "anthropic",
    "ollama", "yaml",
)  # fmt: skip
ALLOWED = ("ai.contracts", "ai.extract", "ai.traits")


@pytest.mark.parametrize("module", ["gateway.app", "chat_service.app", "chat_service.conductor"])
def test_starting_it_loads_no_model_library(module: str) -> None:
    program = (
        f"import sys, {module}\n"
        f"print(sorted(set({HEAVY!r}) & {{name.split('.')[0] for name in sys.modules}}))"
    )
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True, timeout=60
    )
    # uvicorn reads YAML where it finds it; nothing else of the list may be there.
    assert set(ast.literal_eval(done.stdout)) <= {"yaml"}


def test_services_import_only_contracts_and_pure_rules_of_the_library() -> None:
    reached = [
        f"{source.name}: {name}"
        for source in tree.sources("gateway", "chat_service", "presence", "chorus")
        for node in ast.walk(source.tree)
        for name in _imported(node)
        if name.split(".")[0] == "ai" and not name.startswith(ALLOWED)
    ]
    assert not reached


def _imported(node: ast.AST) -> list[str]:
    if isinstance(node, ast.Import):
        return [one.name for one in node.names]
    return [node.module] if isinstance(node, ast.ImportFrom) and node.module else []
