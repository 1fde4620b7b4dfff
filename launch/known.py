"""Variables that Chorus knows: a misspelt one shall not be ignored in silence."""

from collections.abc import Iterable, Iterator, Mapping
from difflib import get_close_matches
from typing import Final
from urllib.parse import urlsplit

from ai.settings import IndexerSettings
from bot.settings import BotSettings
from chat_service.settings import ApiSettings, ConductorSettings, WriterSettings
from chorus.settings import PREFIX, BadSettings, Settings, variable
from gateway.settings import GatewaySettings
from presence.settings import PresenceSettings
from summary_engine.settings import WorkerSettings

KINDS: Final[tuple[type[Settings], ...]] = (
    GatewaySettings,
    ApiSettings,
    WriterSettings,
    ConductorSettings,
    PresenceSettings,
    BotSettings,
    IndexerSettings,
    WorkerSettings,
)
REDIS_SCHEMES: Final = ("redis", "rediss", "unix")
# Not settings of a process: what tests and the way to start one tell each other.
BESIDES: Final = frozenset(
    f"{PREFIX}{name}"
    for name in (
        "AUTOBAHN",
        "FAILPOINT",
        "BOT_SCHEDULES",
        "HANDOFF_SCHEDULES",
        "KILLS",
        "KILL_CONVERSATIONS",
        "LONG",
        "ORDER_SCHEDULES",
        "SCHEDULES",
    )
)


def known_variables() -> frozenset[str]:
    """Every variable that some process reads, so that all may share one environment."""
    return BESIDES | {variable(kind, field) for kind in KINDS for field in kind.model_fields}


def refuse_unknown(environ: Mapping[str, str]) -> None:
    """Raises BadSettings: a variable with our prefix is none of ours; names the nearest that is."""
    known = known_variables()
    unknown = sorted(name for name in environ if name.startswith(PREFIX) and name not in known)
    if unknown:
        raise BadSettings(" ".join(_sentences(unknown, known)))


def refuse_bad_redis(environ: Mapping[str, str]) -> None:
    """Raises BadSettings: nobody could ever connect with this REDIS_URL; shows nothing of it.

    Of DATABASE_URL the driver says so itself, when it tries.
    """
    try:
        parts = urlsplit(environ.get("REDIS_URL") or "redis://localhost")
        usable = parts.scheme in REDIS_SCHEMES and parts.port != 0
    except ValueError:
        usable = False
    if not usable:
        raise BadSettings("REDIS_URL: no URL like redis://:password@host:6379/0.")


def _sentences(unknown: Iterable[str], known: frozenset[str]) -> Iterator[str]:
    for name in unknown:
        bare = name.removeprefix(PREFIX)
        near = [bare] if bare in known else get_close_matches(name, known, n=1, cutoff=0.5)
        hint = f"; the nearest known one is {near[0]}" if near else ""
        yield f"{name}: no such setting{hint}."
