"""No model is asked past `ai.models.access`: nobody else makes a client, or has one to ask."""

import ast
from collections.abc import Iterator

import pytest

from tests.support import tree
from tests.support.tree import Source

LIBRARIES = {
    "anthropic",
    "google",
    "langchain",
    "langchain_anthropic",
    "langchain_community",
    "langchain_core",
    "langchain_ollama",
    "langchain_openai",
    "langgraph",
    "litellm",
    "ollama",
    "openai",
    "tiktoken",
}
MAKERS = {
    "ai/models/embeddings.py": "vectors",
    "ai/models/make.py": "answers",
    "ai/models/offline.py": "rules behind LangChain's interface: no network",
}
# Who may name what makes a client, or embeds for nobody's money, and why.
NAMED = {
    "init_chat_model": {"ai/models/make.py": "makes it"},
    "init_embeddings": {"ai/models/embeddings.py": "makes it"},
    "make_chat_model": {
        "ai/models/make.py": "is it",
        "ai/models/access.py": "asks through limits, breaker and ledger",
    },
    "make_embeddings": {
        "ai/models/embeddings.py": "asks through `Access.paid`",
        "ai/knowledge/opening.py": "`embedder_of`, see there",
    },
    "embedder_of": {
        "ai/knowledge/opening.py": "is it",
        "bot/app.py": "sees at the start that it can be made, and drops it",
        "summary_engine/ingest/worker.py": "likewise",
        "launch/knowledge.py": "likewise; and `chorus eval knowledge`, by hand and of no tenant",
    },
}
ASKING = {"invoke", "ainvoke", "astream", "aembed_documents", "aembed_query"}
ASKING |= {"embed_documents", "embed_query"}
ASKERS = {
    "ai/models/make.py": "inside of `Access.paid`",
    "ai/models/embeddings.py": "inside of `Access.paid`",
    "ai/knowledge/provider.py": "of what it was given: `Paid`, but for evaluations",
    "ai/knowledge/indexing.py": "a tenant's",
    "ai/knowledge/planned.py": "what refuses",
    "ai/knowledge/search.py": "a tenant's",
    "summary_engine/refine.py": "a `Summariser` of ours, which has an `Access`",
}
# Whoever opens connections of their own, and to whom.
SPEAK_HTTP = {
    "ai/models/straight.py": "models on our own machines, for who makes their clients",
    "ai/vectors.py": "Chroma",
    "chorus/issuers.py": "keys of issuers",
    "chat_service/oidc_line.py": "identity providers",
    "launch/chroma_server.py": "our own Chroma",
    "launch/dependencies.py": "our own Chroma",
    "launch/doctor.py": "ourselves",
    "launch/public_address.py": "ourselves",
    "launch/rest_client.py": "ourselves",
    "launch/snippet.py": "ourselves",
    "launch/status.py": "ourselves",
    "launch/supervisor.py": "ourselves",
}
HTTP = {"aiohttp", "http.client", "httpx", "httpx2", "requests", "urllib.request", "urllib3"}

SHIPPED = tree.sources()


def imported(source: Source) -> set[str]:
    """Modules that are imported, in whatever way is written down, and the packages they are in."""
    found = set()
    for node in ast.walk(source.tree):
        if isinstance(node, ast.Import):
            found |= {one.name for one in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            found |= {f"{node.module}.{one.name}" for one in node.names}
    for name, call in tree.calls(source):
        if name.split(".")[-1] in {"resolve_name", "import_module", "__import__"}:
            found |= {one.replace(":", ".") for one in strings(call)}
    parts = [one.split(".") for one in found]
    return {".".join(one[:length]) for one in parts for length in range(1, len(one) + 1)}


def strings(node: ast.AST) -> Iterator[str]:
    for one in ast.walk(node):
        if isinstance(one, ast.Constant) and isinstance(one.value, str):
            yield one.value


def named(source: Source) -> set[str]:
    """Names that are read, imported, defined, or said to whoever resolves names."""
    found = set()
    for node in ast.walk(source.tree):
        if isinstance(node, ast.Name):
            found.add(node.id)
        elif isinstance(node, ast.Attribute):
            found.add(node.attr)
        elif isinstance(node, ast.Import | ast.ImportFrom):
            found |= {one.name for one in node.names}
        elif isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            found.add(node.name)
    for name, call in tree.calls(source):
        if name.endswith("resolve_name"):
            found |= {part for one in strings(call) for part in one.replace(":", ".").split(".")}
    return found


def test_only_ai_models_knows_the_libraries_of_models() -> None:
    knowing = {one.name for one in SHIPPED if imported(one) & LIBRARIES}
    assert knowing == MAKERS.keys(), "ask `ai.models.access.Access`"


@pytest.mark.parametrize("what", NAMED)
def test_what_makes_clients_is_named_by_who_has_them_paid_for(what: str) -> None:
    naming = {one.name for one in SHIPPED if what in named(one)}
    assert naming == NAMED[what].keys(), "ask `ai.models.access.Access`, or `open_embedder`"


def test_only_who_is_paid_for_asks_a_client() -> None:
    asking = {
        source.name
        for source in SHIPPED
        for name, _ in tree.calls(source)
        # Evaluations ask what they were given, by hand and of no tenant.
        if name.split(".")[-1] in ASKING and source.package != "evals"
    }
    assert asking == ASKERS.keys(), "ask `ai.models.access.Access`"


def test_nobody_has_a_line_of_their_own_to_a_provider() -> None:
    speaking = {one.name for one in SHIPPED if imported(one) & HTTP}
    assert speaking == SPEAK_HTTP.keys(), "to whom, and who pays?"
