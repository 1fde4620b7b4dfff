"""Ends of a process that a person can put right: a sentence or two, and a status of sysexits.h.

Anything else is a fault of ours and keeps its traceback.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

from launch.faults import LaunchError, first_cause

CONFIGURATION: Final = 78
"""`EX_CONFIG`: starting again will not help."""
TEMPORARY: Final = 75
"""`EX_TEMPFAIL`: it may be there in a moment."""

# By name: a process shall not import a database or a web server to know their errors. Of a chain
# of causes the first that is named decides, so that a URL nobody can use is no outage.
STATUS: Final = {
    "BadSettings": CONFIGURATION,
    "RoleRefused": CONFIGURATION,
    "ClientConfigurationError": CONFIGURATION,
    "InvalidAuthorizationSpecificationError": CONFIGURATION,
    "InvalidCatalogNameError": CONFIGURATION,
    "AddressTaken": TEMPORARY,
    "CannotListen": CONFIGURATION,
    "Unavailable": TEMPORARY,
}
ABOUT_DATABASE: Final = frozenset(
    {
        "ClientConfigurationError",
        "InvalidAuthorizationSpecificationError",
        "InvalidCatalogNameError",
    }
)


class CannotStart(LaunchError):
    """A process ended because of what it found; `exit_code` says whether trying again helps."""

    def __init__(self, sentence: str, exit_code: int) -> None:
        super().__init__(sentence)
        self.exit_code = exit_code


@contextmanager
def explained() -> Iterator[None]:
    """Turn what a person can put right into one `CannotStart`.

    Raises:
        CannotStart: from the first cause.
    """
    try:
        yield
    except (Exception, BaseExceptionGroup) as error:
        found = explain(first_cause(error))
        if found is None:
            raise
        raise found from error


def explain(error: BaseException) -> CannotStart | None:
    """Say what ended a process; None for what is a fault of ours."""
    chain = list(_chain(error))
    named = [(one, name) for one in chain for name in _names(one)]
    settled = [found for found in named if STATUS[found[1]] == CONFIGURATION] or named
    if not settled:
        return None
    told, name = settled[0]
    sentence = " ".join(str(told).split())
    if name in ABOUT_DATABASE:
        sentence = f"DATABASE_URL: {sentence}"
    elif name == "Unavailable":
        sentence = f"{sentence.removesuffix(' Try again.')} ({chain[-1]})"
    return CannotStart(sentence, STATUS[name])


def _chain(error: BaseException) -> Iterator[BaseException]:
    following: BaseException | None = error
    while following is not None:
        yield following
        following = following.__cause__


def _names(error: BaseException) -> list[str]:
    return [kind.__name__ for kind in type(error).__mro__ if kind.__name__ in STATUS][:1]
