"""The first-run page, as text; pure, so that a test can hold it to the letter."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from launch.files import SeededAgent

HEADER_WIDTH = 52
LINK_WIDTH = 34
NEXT_STEPS = (
    '  next     1 open the demo shop, say "talk to a human"   2 take it in the console'
    "   3 chorus doctor"
)


@dataclass(frozen=True, slots=True)
class ServerReady:
    """A server that answers; `source` is `embedded`, `system` or the variable that named it."""

    name: str
    version: str
    source: str
    address: str
    took_s: float


def header(data: Path, folder: Path) -> str:
    """Say where the data is, as seen from the current `folder`."""
    return f"{'  chorus up':<{HEADER_WIDTH}}data: {shown_path(data, folder)} (make reset wipes it)"


def shown_path(path: Path, folder: Path) -> str:
    """Shorten a path below the current folder."""
    try:
        return f"./{path.relative_to(folder)}"
    except ValueError:
        return str(path)


def preflight_line(python: str) -> str:
    return f"  ✓ Python {python}  ✓ ports free  ✓ clock ok"


def server_line(server: ServerReady, migrations_applied: int | None = None) -> str:
    """One line a server; migrations belong to the database alone."""
    name = f"{server.name} {server.version}"
    line = f"  ✓ {name:<17} {server.source:<10} {server.address:<17} {server.took_s:.1f} s"
    if migrations_applied is None:
        return line
    word = "migration" if migrations_applied == 1 else "migrations"
    return f"{line}   {migrations_applied} {word} applied"


def without_chroma_line(why: str) -> str:
    """It is no reason not to start."""
    return f"  – {why}; knowledge is found by its words alone"


def saved_line(dump: Path, folder: Path) -> str:
    """Say where the database is as it was before the migrations."""
    return f"  ✓ saved as it was before them in {shown_path(dump, folder)} (pg_restore reads it)"


def processes_line(edges: int, others: Sequence[str], took_s: float) -> str:
    return f"  ✓ {'  '.join([f'edge ×{edges}', *others])}   {took_s:.1f} s"


def round_trip_line(took_ms: float) -> str:
    took = f"{took_ms:.0f} ms"
    return (
        f"  ✓ round trip visitor → agent → visitor           {took:<9} "
        "← a real message, not a port check"
    )


@dataclass(frozen=True, slots=True)
class Welcome:
    """What the closing block shows; `password` is None once it was shown before."""

    urls: dict[str, str]
    agents: Sequence[SeededAgent]
    dev_token: str | None
    password: str | None
    credentials: str


def welcome(page: Welcome) -> str:
    """Lay out links, sign-ins and next steps."""
    return "\n".join(["", *_links(page), "", *_next_steps(page)])


def _links(page: Welcome) -> list[str]:
    rows = [
        ("Agent console", page.urls["console"], _sign_in(page)),
        ("API docs", page.urls["docs"], "REST + WebSocket, works offline"),
        ("Metrics", page.urls["metrics"], ""),
    ]
    if page.agents:
        rows.insert(0, ("Demo shop", page.urls["demo"], "be the customer"))
    width = max(LINK_WIDTH, *(len(url) + 3 for _, url, _ in rows))
    return [f"  {name:<15} {url:<{width}}{note}".rstrip() for name, url, note in rows]


def _sign_in(page: Welcome) -> str:
    if page.dev_token is None:
        return "sign in with e-mail and password"
    return f"sign in with one click: {page.urls['console']}#dev={page.dev_token}"


def _next_steps(page: Welcome) -> list[str]:
    stop = "  Ctrl-C stops everything; your data stays."
    if not page.agents:
        return ["  next     1 chorus seed --empty   2 chorus doctor", stop]
    people = "  ".join(f"{agent.email} ({agent.role})" for agent in page.agents)
    password = page.password or f"in {page.credentials}"
    return [
        f"  agents   {people}   password: {password}",
        NEXT_STEPS,
        stop,
    ]
