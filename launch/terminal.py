"""Lines on the terminal, and the logs of child processes.

A terminal may stop reading (Ctrl-S, a full pipe). So a thread of its own prints from a bounded
queue: the supervisor never waits for it, and no child ever blocks on its own log.
"""

import contextlib
import queue
import sys
import threading
from collections import deque
from pathlib import Path
from typing import TextIO

from rich.console import Console
from rich.text import Text

LINES_WAITING_MAX = 5_000
LAST_LINES = 20
LOG_KEPT_BYTES = 8 << 20
COLOURS = ("cyan", "magenta", "green", "yellow", "blue", "bright_cyan", "bright_magenta")


class Terminal(Console):
    """Without rich's own answer to a closed pipe, which is to end the process."""

    def on_broken_pipe(self) -> None:
        raise BrokenPipeError


class Printer:
    """Prints lines in order from its own thread; log lines wait until `release`."""

    def __init__(self, stream: TextIO = sys.stdout) -> None:
        self._console = Terminal(file=stream, highlight=False, soft_wrap=True)
        self._waiting: queue.Queue[Text | None] = queue.Queue(LINES_WAITING_MAX)
        self._held: deque[Text] | None = deque(maxlen=LINES_WAITING_MAX)
        self._lost = 0
        self._thread = threading.Thread(target=self._print, name="printer", daemon=True)
        self._thread.start()

    def say(self, text: str) -> None:
        """Print a line of our own."""
        self._put(decorated(text))

    def log(self, name: str, colour: str, line: str) -> None:
        """Print a child's line behind its coloured name."""
        text = Text(f"{name:<12}", style=colour)
        text.append(f"│ {line}", style="default")
        if self._held is not None:
            self._held.append(text)
        else:
            self._put(text)

    def release(self) -> None:
        """Print what the children said so far, and from now on at once."""
        held, self._held = self._held or deque(), None
        for text in held:
            self._put(text)

    def close(self, wait_s: float = 2) -> None:
        """Print what waits, unless the terminal stays shut for `wait_s`."""
        with contextlib.suppress(queue.Full):
            self._waiting.put(None, timeout=wait_s)
        self._thread.join(wait_s)

    def _put(self, text: Text) -> None:
        try:
            self._waiting.put_nowait(text)
        except queue.Full:
            self._lost += 1

    def _print(self) -> None:
        while (text := self._waiting.get()) is not None:
            try:
                self._console.print(text)
            except OSError:
                # The terminal is gone; the log files go on.
                return
            if self._lost and self._waiting.empty():
                lost, self._lost = self._lost, 0
                self._console.print(f"({lost} lines not shown; see the log files)")


def decorated(text: str) -> Text:
    """Colour ticks, crosses and links; the words stay as they are."""
    rich_text = Text(text)
    rich_text.highlight_regex(r"✓", "green")
    rich_text.highlight_regex(r"✗", "bold red")
    rich_text.highlight_regex(r"https?://\S+", "bold cyan")
    return rich_text


class LogFile:
    """A child's log on disk, plus its last lines; the file is turned over at 8 MiB."""

    def __init__(self, path: Path) -> None:
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        self._path = path
        self._file = path.open("ab", buffering=0)
        self.last: deque[str] = deque(maxlen=LAST_LINES)

    def write(self, line: bytes) -> None:
        """Append a line; a full disk must not stop the process that speaks."""
        self.last.append(line.decode(errors="replace"))
        with contextlib.suppress(OSError):
            self._file.write(line + b"\n")
            if self._file.tell() > LOG_KEPT_BYTES:
                self._turn_over()

    def close(self) -> None:
        self._file.close()

    def _turn_over(self) -> None:
        self._file.close()
        self._path.replace(self._path.with_suffix(".log.1"))
        self._file = self._path.open("ab", buffering=0)
