"""One supervised process: started, watched, started again after a pause, and stopped."""

import asyncio
import contextlib
import os
import signal
import time
from collections.abc import AsyncIterator, Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from launch.backoff import restart_delay_s
from launch.terminal import LogFile, Printer

LONGEST_LINE_BYTES = 16_384
NOT_STARTED = 127


@dataclass(frozen=True, slots=True)
class Command:
    """What to run. `log` takes its raw output; None means lines through the supervisor."""

    name: str
    group: str
    words: list[str]
    environment: Mapping[str, str] | None
    stop_signal: signal.Signals
    hint: str
    log: Callable[[], int] | None = None


@dataclass(slots=True)
class Child:
    """A command and its current process; `on_pid` is called after each start."""

    command: Command
    printer: Printer
    colour: str
    logs: Path
    on_pid: Callable[[], None]
    process: asyncio.subprocess.Process | None = None
    deaths: int = 0
    _stopping: asyncio.Event = field(default_factory=asyncio.Event)
    _file: LogFile | None = None
    _last_words: str | None = None

    @property
    def pid(self) -> int | None:
        return self.process.pid if self.process else None

    def alive(self) -> bool:
        return self.process is not None and self.process.returncode is None

    @property
    def last_lines(self) -> list[str]:
        return list(self._file.last) if self._file else []

    async def start(self) -> None:
        """Start the process; call this and `keep` from the main thread only."""
        if self.command.log is not None:
            await self._start_with(self.command.log())
            return
        self._file = self._file or LogFile(self.logs / f"{self.command.name}.log")
        await self._start_with(None)

    async def _start_with(self, log: int | None) -> None:
        try:
            self.process = await asyncio.create_subprocess_exec(
                *self.command.words,
                cwd="/" if log is not None else None,
                env=self.command.environment,
                stdin=asyncio.subprocess.DEVNULL,
                stdout=asyncio.subprocess.PIPE if log is None else log,
                stderr=asyncio.subprocess.STDOUT,
                # Ctrl-C at the terminal then reaches the supervisor alone.
                start_new_session=True,
            )
        finally:
            if log is not None:
                os.close(log)
        if self._stopping.is_set():
            # `stop` came while this one was being born.
            _signal(self.process, self.command.stop_signal)
        self.on_pid()

    async def keep(self) -> None:
        """Watch the process that `start` began and start it again whenever it dies."""
        try:
            await self._keep()
        finally:
            if self._file is not None:
                self._file.close()

    async def _keep(self) -> None:
        delay_s: float | None = None
        while True:
            began = time.monotonic()
            code = await self._ended()
            if self._stopping.is_set():
                return
            self.deaths += 1
            delay_s = restart_delay_s(delay_s, time.monotonic() - began)
            self._report_death(code, delay_s)
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self._stopping.wait(), delay_s)
                return
            await self._start_again()

    async def _start_again(self) -> None:
        try:
            await self.start()
        except OSError as error:
            # No memory or no descriptors now; the next turn may find some.
            self.process = None
            self.printer.say(f"✗ {self.command.name} cannot be started: {error}")

    async def _ended(self) -> int:
        process = self.process
        if process is None:
            return NOT_STARTED
        if process.stdout is not None:
            async for line in _lines(process.stdout):
                self._take(line)
        return await process.wait()

    def _take(self, line: bytes) -> None:
        if self._file is not None:
            self._file.write(line)
        self.printer.log(self.command.name, self.colour, line.decode(errors="replace"))

    def _report_death(self, code: int, delay_s: float) -> None:
        how = f"signal {-code}" if code < 0 else f"status {code}"
        self.printer.say(f"✗ {self.command.name} ended ({how}); again in {delay_s:.1f} s")
        said = self.last_lines
        # The same end again is one line, not the same wall again.
        known = said[-1:] == [self._last_words]
        for line in said[-1:] if known else said:
            self.printer.say(f"    {line}")
        if not known:
            self.printer.say(f"  hint: {self.command.hint}")
        self._last_words = said[-1] if said else None

    async def stop(self, wait_s: float) -> None:
        """Ask the process to end and, after `wait_s`, end it; it will not start again."""
        self._stopping.set()
        process = self.process
        if process is None or process.returncode is not None:
            return
        _signal(process, self.command.stop_signal)
        try:
            await asyncio.wait_for(process.wait(), wait_s)
        except TimeoutError:
            self.kill()
            await process.wait()

    def kill(self) -> None:
        """End it now, by its own pid."""
        self._stopping.set()
        if self.process is not None and self.process.returncode is None:
            _signal(self.process, signal.SIGKILL)


def _signal(process: asyncio.subprocess.Process, number: int) -> None:
    """Signal by pid: `send_signal` would poll first, and take the exit status from who waits."""
    with contextlib.suppress(ProcessLookupError):
        os.kill(process.pid, number)


async def _lines(stream: asyncio.StreamReader) -> AsyncIterator[bytes]:
    """Split output into lines; one without an end is cut, never collected."""
    rest = b""
    while chunk := await stream.read(65_536):
        *whole, rest = (rest + chunk).split(b"\n")
        for line in whole:
            yield line[:LONGEST_LINE_BYTES]
        if len(rest) > LONGEST_LINE_BYTES:
            yield rest[:LONGEST_LINE_BYTES]
            rest = b""
    if rest:
        yield rest
