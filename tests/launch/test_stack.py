"""Supervision with real small processes."""

import asyncio
import contextlib
import io
import os
import signal
import sys
from collections.abc import Callable
from pathlib import Path

import psutil
import pytest

from launch import files
from launch.child import Command
from launch.faults import LaunchError
from launch.stack import Stack
from launch.terminal import LINES_WAITING_MAX, LogFile, Printer

pytestmark = pytest.mark.anyio
PATIENCE_S = 15


def command(name: str, script: str, group: str = "writer") -> Command:
    words = [sys.executable, "-u", "-c", script]
    return Command(name, group, words, dict(os.environ), signal.SIGTERM, "look at the log")


async def until(fact: Callable[[], bool]) -> None:
    async with asyncio.timeout(PATIENCE_S):
        while not fact():  # noqa: ASYNC110 - a process tells nobody what it did
            await asyncio.sleep(0.01)


async def test_a_killed_child_comes_back_and_the_run_file_follows(tmp_path: Path) -> None:
    stack = Stack(tmp_path, Printer(io.StringIO()))
    child = stack.make_child(command("writer", "import time; time.sleep(600)"))
    pids = []

    async def start() -> None:
        await child.start()
        stack.run = files.RunFile({}, {}, {}, tenant="", inbox_key="", load_inbox_key="")
        stack.publish()
        stack.keep(child)
        pids.append(child.pid)
        os.kill(child.pid or 0, signal.SIGKILL)
        await until(lambda: child.pid != pids[0])
        run = files.read_run_file(tmp_path)
        assert run is not None
        assert run.pids == {"writer": child.pid}
        pids.append(child.pid)
        stack.interrupt()

    await stack.live(start)
    assert child.deaths == 1
    assert not any(psutil.pid_exists(pid) for pid in pids if pid)
    assert files.read_run_file(tmp_path) is None


async def test_a_crash_shows_its_last_lines_and_a_hint(tmp_path: Path) -> None:
    shown = io.StringIO()
    printer = Printer(shown)
    stack = Stack(tmp_path, printer)
    script = "import sys\nfor n in range(30): print('line', n)\nsys.exit(3)"
    child = stack.make_child(command("writer", script))

    async def start() -> None:
        await child.start()
        stack.keep(child)
        await until(lambda: child.deaths > 0)
        stack.interrupt()

    await stack.live(start)
    printer.close()
    text = shown.getvalue()
    assert "writer ended (status 3); again in 0.2 s" in text
    assert "    line 29" in text
    assert "    line 9\n" not in text
    assert "hint: look at the log" in text


async def test_edges_stop_before_the_writer(tmp_path: Path) -> None:
    stack = Stack(tmp_path, Printer(io.StringIO()))
    record = tmp_path / "order"
    script = (
        "import signal, sys, time\n"
        "def end(*_):\n"
        f"    open({str(record)!r}, 'a').write(sys.argv[1] + ' ')\n"
        "    sys.exit(0)\n"
        "signal.signal(signal.SIGTERM, end)\n"
        "print('up')\n"
        "time.sleep(600)"
    )
    children = []
    for group in ("writer", "edge", "redis"):
        made = command(group, script, group)
        children.append(stack.make_child(replace_words(made, [*made.words, group])))

    async def start() -> None:
        for child in children:
            await child.start()
            stack.keep(child)
        await until(lambda: all(child.last_lines for child in children))
        stack.interrupt()

    await stack.live(start)
    assert record.read_text() == "edge writer redis "


def replace_words(made: Command, words: list[str]) -> Command:
    return Command(made.name, made.group, words, made.environment, made.stop_signal, made.hint)


async def test_a_child_that_ignores_the_signal_is_killed(tmp_path: Path) -> None:
    stack = Stack(tmp_path, Printer(io.StringIO()))
    script = (
        "import signal, time; signal.signal(signal.SIGTERM, signal.SIG_IGN)\n"
        "print('deaf'); time.sleep(600)"
    )
    child = stack.make_child(command("writer", script))
    await child.start()
    reader = asyncio.ensure_future(child.keep())
    await until(lambda: child.last_lines == ["deaf"])
    await child.stop(0.05)
    await asyncio.wait_for(reader, PATIENCE_S)
    assert child.process is not None
    assert child.process.returncode == -signal.SIGKILL


async def test_a_failed_start_leaves_nothing_and_keeps_its_sentence(tmp_path: Path) -> None:
    stack = Stack(tmp_path, Printer(io.StringIO()))
    child = stack.make_child(command("writer", "import time; time.sleep(600)"))

    async def start() -> None:
        await child.start()
        stack.keep(child)
        raise LaunchError("no luck")

    with pytest.raises(LaunchError, match="no luck"):
        await stack.live(start)
    assert child.process is not None
    assert child.process.returncode is not None


async def test_an_interrupted_start_is_given_up_in_good_order(tmp_path: Path) -> None:
    stack = Stack(tmp_path, Printer(io.StringIO()))
    child = stack.make_child(command("writer", "import time; time.sleep(600)"))

    async def start() -> None:
        await child.start()
        stack.keep(child)
        stack.interrupt()
        await asyncio.Event().wait()

    await asyncio.wait_for(stack.live(start), PATIENCE_S)
    assert child.process is not None
    assert child.process.returncode == -signal.SIGTERM


async def test_a_second_signal_stops_at_once(tmp_path: Path) -> None:
    stack = Stack(tmp_path, Printer(io.StringIO()))
    script = (
        "import signal, time; signal.signal(signal.SIGTERM, signal.SIG_IGN)\n"
        "print('deaf'); time.sleep(600)"
    )
    child = stack.make_child(command("writer", script))

    async def start() -> None:
        await child.start()
        stack.keep(child)
        await until(lambda: child.last_lines == ["deaf"])
        stack.interrupt()
        stack.interrupt()

    await asyncio.wait_for(stack.live(start), PATIENCE_S)
    assert child.process is not None
    assert child.process.returncode == -signal.SIGKILL


async def test_a_run_file_that_cannot_be_written_ends_nothing(tmp_path: Path) -> None:
    shown = io.StringIO()
    printer = Printer(shown)
    stack = Stack(tmp_path / "gone", printer)
    stack.run = files.RunFile({}, {}, {}, tenant="", inbox_key="", load_inbox_key="")
    stack.publish()
    printer.close()
    assert "run.json cannot be written" in shown.getvalue()


async def test_gauges_of_the_dead_are_dropped(tmp_path: Path) -> None:
    (tmp_path / "metrics").mkdir()
    for name in ("gauge_livesum_4194305.db", "counter_4194305.db"):
        (tmp_path / "metrics" / name).touch()
    stack = Stack(tmp_path, Printer(io.StringIO()))
    stack.run = files.RunFile({}, {}, {}, tenant="", inbox_key="", load_inbox_key="")
    stack.publish()
    assert [path.name for path in (tmp_path / "metrics").iterdir()] == ["counter_4194305.db"]


async def test_a_child_is_not_born_after_the_end(tmp_path: Path) -> None:
    stack = Stack(tmp_path, Printer(io.StringIO()))
    child = stack.make_child(command("writer", "import time; time.sleep(600)"))
    await child.stop(1)
    await child.start()
    assert child.process is not None
    await asyncio.wait_for(child.keep(), PATIENCE_S)
    assert child.process.returncode is not None


async def test_a_line_without_end_is_cut_and_not_collected(tmp_path: Path) -> None:
    stack = Stack(tmp_path, Printer(io.StringIO()))
    script = "import sys; sys.stdout.write('x' * 1_000_000); sys.stdout.flush(); print('\\nend')"
    child = stack.make_child(command("writer", script))
    await child.start()
    watching = asyncio.ensure_future(child.keep())
    await until(lambda: "end" in child.last_lines)
    await child.stop(5)
    await asyncio.wait_for(watching, PATIENCE_S)
    assert max(map(len, child.last_lines)) <= 16_384


def test_log_lines_wait_for_the_page_and_then_come_in_order() -> None:
    shown = io.StringIO()
    printer = Printer(shown)
    printer.log("edge", "cyan", "early")
    printer.say("page")
    printer.release()
    printer.log("edge", "cyan", "late")
    printer.close()
    lines = [line.split()[-1] for line in shown.getvalue().splitlines()]
    assert lines == ["page", "early", "late"]


def test_a_terminal_that_does_not_read_never_blocks_us() -> None:
    read_end, write_end = os.pipe()
    stuck = os.fdopen(write_end, "w")
    printer = Printer(stuck)
    printer.release()
    for _ in range(LINES_WAITING_MAX * 2):
        printer.log("edge", "cyan", "x" * 200)
    os.close(read_end)
    printer.close()
    with contextlib.suppress(BrokenPipeError):
        stuck.close()


def test_a_large_log_is_turned_over(tmp_path: Path) -> None:
    log = LogFile(tmp_path / "edge.log")
    for _ in range(10):
        log.write(b"x" * (1 << 20))
    log.write(b"after")
    log.close()
    assert (tmp_path / "edge.log.1").exists()
    assert log.last[-1] == "after"
