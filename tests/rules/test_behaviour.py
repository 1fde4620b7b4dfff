"""Rules of behaviour that a reviewer would otherwise have to repeat."""

import ast

from chorus.tables import catalogue
from tests.support import tree
from tests.support.tree import Source

# Who may start a task outside a TaskGroup, and why.
TASK_OWNERS = {
    "chorus/tasks.py": "what must come to its end is awaited in place, also by whoever is cancelled",
    "gateway/tasks.py": "it is the owner: cancelled and awaited when its block ends",
    "chat_service/gathering.py": "a batch outlives who began it: awaited when the API ends",
    "launch/stack.py": "a start is raced against the person's Ctrl-C, both awaited in place",
    "gateway/server.py": "uvicorn's shutdown is raced against a forced exit and awaited in place",
}
ENVIRONMENT_READERS = {"app.py", "writer.py", "conductor.py", "worker.py"}
ENVIRONMENT_EXCEPTIONS = {
    "chorus/metrics.py": "prometheus_client itself decides by its variable",
}
COMMITTERS = {"chorus/db.py"}
# Rows that belong to the installation, not to a tenant.
GLOBAL_TABLES = {"installation", "ingest_partitions"}
SAID_BY_PEOPLE = {
    "content",
    "text",
    "body",
    "preview",
    "password",
    "token",
    "refresh_token",
    "note",
}
LOG_METHODS = {"debug", "info", "warning", "error", "exception", "critical"}

SHIPPED = tree.sources()


def place(source: Source, node: ast.AST) -> str:
    return f"{source.name} line {getattr(node, 'lineno', '?')}"


def test_every_task_has_an_owner() -> None:
    orphans = [
        place(source, call)
        for source in SHIPPED
        if source.name not in TASK_OWNERS
        for name, call in tree.calls(source)
        if name.endswith(
            ("asyncio.create_task", "ensure_future", "loop.create_task", "loop().create_task")
        )
    ]
    assert not orphans, f"start tasks in a TaskGroup: {orphans}"


def test_only_composition_roots_read_the_environment() -> None:
    readers = [
        f"{source.name} line {line}"
        for source in SHIPPED
        if source.package != "launch"
        and source.path.name not in ENVIRONMENT_READERS
        and source.name not in ENVIRONMENT_EXCEPTIONS
        for name, line in tree.names(source)
        if name in {"os.environ", "os.getenv"}
    ]
    assert not readers, f"take a Settings: {readers}"


def test_only_the_database_module_commits() -> None:
    committers = [
        place(source, call)
        for source in SHIPPED
        if source.name not in COMMITTERS and source.package != "migrations"
        for name, call in tree.calls(source)
        if name.endswith(".commit")
    ]
    assert not committers, f"one act is one `Db.transaction()`: {committers}"


def test_no_log_line_holds_what_people_say() -> None:
    leaks = [
        place(source, call)
        for source in SHIPPED
        for name, call in tree.calls(source)
        if _is_log(name) and SAID_BY_PEOPLE & set(_said(call))
    ]
    assert not leaks, f"log facts, never content or tokens: {leaks}"


def _is_log(name: str) -> bool:
    receiver, _, method = name.rpartition(".")
    return method in LOG_METHODS and receiver.split(".")[-1] in {"log", "logger", "_log"}


def _said(call: ast.Call) -> list[str]:
    """Names of fields given, and of attributes read inside the arguments."""
    given = [keyword.arg or "" for keyword in call.keywords]
    values = [*call.args, *(keyword.value for keyword in call.keywords)]
    read = [
        node.attr for value in values for node in ast.walk(value) if isinstance(node, ast.Attribute)
    ]
    return given + read


def test_a_log_event_is_a_snake_case_word() -> None:
    sentences = [
        place(source, call)
        for source in SHIPPED
        for name, call in tree.calls(source)
        if _is_log(name) and call.args and not _is_event(call.args[0])
    ]
    assert not sentences, f"name the event, give facts as fields: {sentences}"


def _is_event(argument: ast.expr) -> bool:
    if isinstance(argument, ast.IfExp):
        return _is_event(argument.body) and _is_event(argument.orelse)
    if not isinstance(argument, ast.Constant):
        return False
    word = str(argument.value)
    return word.isidentifier() and word == word.lower()


def test_every_table_belongs_to_a_tenant() -> None:
    foreign = {
        name
        for name, table in catalogue.metadata.tables.items()
        if "tenant_id" not in table.columns and name != "tenants"
    }
    assert foreign == GLOBAL_TABLES, "a table without tenant_id needs a reason here"


def test_nothing_waits_for_ever_on_the_network() -> None:
    unbounded = [
        place(source, call)
        for source in SHIPPED
        for name, call in tree.calls(source)
        if name.split(".")[-1] in {"AsyncClient", "Client"}
        and name.startswith("httpx")
        and "timeout" not in {keyword.arg for keyword in call.keywords}
    ]
    assert not unbounded, f"say how long it may take: {unbounded}"


def test_no_error_is_swallowed() -> None:
    silent = [
        place(source, node)
        for source in SHIPPED
        for node in ast.walk(source.tree)
        if isinstance(node, ast.ExceptHandler)
        and (node.type is None or tree.dotted(node.type) in {"Exception", "BaseException"})
        and all(isinstance(one, ast.Pass) for one in node.body)
    ]
    assert not silent, f"say what may happen, or let it fly: {silent}"
