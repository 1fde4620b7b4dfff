"""The processes of one `chorus up`: kept running together, and stopped in their order."""

import asyncio
import contextlib
import os
from collections.abc import Callable, Coroutine
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from launch import files
from launch.child import Child, Command
from launch.faults import LaunchError, first_cause
from launch.terminal import COLOURS, Printer

# Edges drain 10,000 sockets in 25 s and insist after 35 s themselves.
DRAIN_WAIT_S = 45
STOP_WAIT_S = 10
SERVER_GROUPS = frozenset({"postgres", "redis", "chroma"})
LIST_GROUPS = frozenset({"edge"})


@dataclass(slots=True)
class Stack:
    """Children with an owner; `run` is what `run.json` says once it may exist."""

    data: Path
    printer: Printer
    children: list[Child] = field(default_factory=list)
    run: files.RunFile | None = None
    _stopped: asyncio.Event = field(default_factory=asyncio.Event)
    _keepers: asyncio.TaskGroup = field(default_factory=asyncio.TaskGroup)

    async def live(self, start: Callable[[], Coroutine[Any, Any, None]]) -> None:
        """Start, then run until interrupted; whatever happens, nothing is left running."""
        try:
            async with self._keepers:
                try:
                    if await self._unless_stopped(start()):
                        await self._stopped.wait()
                finally:
                    await self._stop()
        except BaseExceptionGroup as group:
            raise first_cause(group) from group

    def interrupt(self) -> None:
        """Stop in good order; the second time, at once."""
        if self._stopped.is_set():
            for child in self.children:
                child.kill()
            return
        self.printer.release()
        self.printer.say("  stopping; once more to stop at once")
        self._stopped.set()

    def make_child(self, command: Command) -> Child:
        """Make a child that is stopped with the others; it is not started yet."""
        colour = COLOURS[len(self.children) % len(COLOURS)]
        child = Child(command, self.printer, colour, self.data / "logs", self.publish)
        self.children.append(child)
        return child

    def keep(self, child: Child) -> None:
        """Watch a started child and start it again whenever it dies."""
        self._keepers.create_task(child.keep(), name=f"keep {child.command.name}")

    def publish(self) -> None:
        """Write `run.json` anew with the pids of now; nothing before there is a `run`."""
        if self.run is None:
            return
        try:
            files.write_run_file(self.data, replace(self.run, pids=self.pids()))
            self._forget_dead_gauges()
        except OSError as error:
            # A full disk must not end what runs.
            self.printer.say(f"✗ run.json cannot be written: {error.strerror}")

    def _forget_dead_gauges(self) -> None:
        """Drop what a process that ended said about itself "now": sockets, backlog."""
        living = {str(child.pid) for child in self.children if child.alive()}
        for leftover in (self.data / "metrics").glob("gauge_live*_*.db"):
            if leftover.stem.rpartition("_")[2] not in living:
                leftover.unlink(missing_ok=True)

    def pids(self) -> dict[str, int | list[int]]:
        """Name the processes by group; groups that may have several have lists."""
        found: dict[str, int | list[int]] = {}
        for child in self.children:
            group, pid = child.command.group, child.pid
            if pid is None:
                continue
            if group in LIST_GROUPS:
                several = found.setdefault(group, [])
                assert isinstance(several, list)
                several.append(pid)
            else:
                found[group] = pid
        return found

    async def _unless_stopped(self, start: Coroutine[Any, Any, None]) -> bool:
        """Await `start`, but give it up when the person does; says whether it came to its end."""
        starting = asyncio.ensure_future(start)
        stopped = asyncio.ensure_future(self._stopped.wait())
        try:
            await asyncio.wait({starting, stopped}, return_when=asyncio.FIRST_COMPLETED)
            if not starting.done():
                return False
            starting.result()
            return True
        finally:
            starting.cancel()
            stopped.cancel()
            await asyncio.gather(starting, stopped, return_exceptions=True)

    async def _stop(self) -> None:
        """Edges first, while the writer still commits what they took in; the servers last."""
        self.run = None
        await self._stop_group(lambda group: group in LIST_GROUPS, DRAIN_WAIT_S)
        await self._stop_group(lambda group: group not in SERVER_GROUPS, STOP_WAIT_S)
        await self._stop_group(lambda group: True, STOP_WAIT_S)
        files.forget_run(self.data)

    async def _stop_group(self, chosen: Callable[[str], bool], wait_s: float) -> None:
        doomed = [child for child in self.children if chosen(child.command.group)]
        await asyncio.gather(*(child.stop(wait_s) for child in doomed))


def make_rpc_folder(targets: list[str]) -> None:
    """Make the folder of the gRPC sockets and remove sockets of an earlier run."""
    for target in targets:
        path = Path(target.removeprefix("unix:"))
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        if path.parent.stat().st_uid != os.geteuid():
            raise LaunchError(f"{path.parent} does not belong to us")
        with contextlib.suppress(FileNotFoundError):
            path.unlink()
