"""How tests are spread over workers: those that share servers stay together, slow ones begin first."""

from collections import Counter

import pytest
from hypothesis import is_hypothesis_test
from xdist.scheduler import LoadFileScheduling

# Each row is one installation: its tests go to one worker, and it is started once.
SHARING = (
    ("tests/browser/",),
    (
        "tests/journeys/test_demo_bot.py",
        "tests/journeys/test_handoff.py",
        "tests/journeys/test_resume.py",
        "tests/journeys/test_two_way_chat.py",
    ),
    (
        "tests/journeys/test_bad_http.py",
        "tests/journeys/test_bad_input.py",
        "tests/journeys/test_event_stream.py",
        "tests/journeys/test_one_address.py",
        "tests/journeys/test_slow_readers.py",
        "tests/journeys/test_strangers_and_crowds.py",
    ),
    ("tests/journeys/test_edge_kills.py", "tests/journeys/test_moving.py"),
)

SERVERS = frozenset(("postgres_url", "redis_url"))
MEASURED_CASES = 2
UNMEASURED = ("tests/browser/", "tests/journeys/", "tests/load/", "tests/rules/")
SLOW_WITHIN_S = 180


class ByServers(LoadFileScheduling):  # type: ignore[misc] # xdist ships no types
    """The tests of a file go to one worker, and so do those of files that share an installation."""

    def _split_scope(self, nodeid: str) -> str:
        shared = (row[0] for row in SHARING if nodeid.startswith(row))
        return next(shared, nodeid.split("::", maxsplit=1)[0])


def slow_first(items: list[pytest.Item]) -> None:
    """Move slow files to the front: begun last, one would keep its worker when others are idle."""
    slow = {item.path for item in items if item.get_closest_marker("slow")}
    items.sort(key=lambda item: item.path not in slow)


def take_time(items: list[pytest.Item]) -> None:
    """Let slow ones be slower: the first of a file waits till all its processes run, the last till they end."""
    for item in items:
        if item.get_closest_marker("slow") and not item.get_closest_marker("timeout"):
            item.add_marker(pytest.mark.timeout(SLOW_WITHIN_S))


def measure_once(config: pytest.Config) -> None:
    """Pause the measuring that pytest-cov began in this worker before it was told that it is one.

    It begins another for the worker, and throws the first away. While both run, pausing the second
    for `no_cover` wakes the first: tests that are not measured would take as long as those that are.
    """
    plugin = config.pluginmanager.getplugin("_cov")
    if hasattr(config, "workerinput") and plugin is not None and plugin.cov_controller is not None:
        plugin.cov_controller.pause()


def uncover(items: list[pytest.Item]) -> None:
    """Measure the coverage of tests that name their cases: parts, by hand-written examples.

    Measuring doubles what Python does. Generated examples would take thrice their time, stories run
    processes that are not measured, rules read source, and of a test with servers two cases walk
    most of its lines.
    """
    cases = Counter[tuple[object, str]]()
    for item in items:
        case = (item.path, getattr(item, "originalname", item.name))
        cases[case] += not SERVERS.isdisjoint(getattr(item, "fixturenames", ()))
        is_generated = is_hypothesis_test(getattr(item, "obj", None))
        if is_generated or item.nodeid.startswith(UNMEASURED) or cases[case] > MEASURED_CASES:
            item.add_marker(pytest.mark.no_cover)
