"""Turn what `make test-long` left into docs/test-long.md: what was played, and what came of it.

Arguments: pytest's JUnit file, what `load.bench_budgets` reported, and where to write.
"""

import os
import platform
import subprocess
import sys
import xml.etree.ElementTree as ET
from datetime import UTC, datetime
from pathlib import Path

COUNTS = (
    "CHORUS_SCHEDULES",
    "CHORUS_BOT_SCHEDULES",
    "CHORUS_ORDER_SCHEDULES",
    "CHORUS_KILLS",
    "CHORUS_KILL_CONVERSATIONS",
    "CHORUS_HANDOFF_SCHEDULES",
    "CHORUS_LONG",
)
SLOWEST = 25


def main() -> None:
    source, budgets, target = map(Path, sys.argv[1:])
    suite = ET.parse(source).getroot().find("testsuite")  # noqa: S314 (written by our own pytest)
    assert suite is not None
    target.write_text("\n".join([*_lines(suite), "", *_budgets(budgets)]) + "\n")


def _lines(suite: ET.Element) -> list[str]:
    commit = subprocess.run(
        ["git", "rev-parse", "--short", "HEAD"], capture_output=True, text=True, check=True
    ).stdout.strip()
    failed = int(suite.get("failures", 0)) + int(suite.get("errors", 0))
    by_time = sorted(suite.iter("testcase"), key=lambda one: -float(one.get("time", 0)))
    lines = [
        "# The last long run",
        "",
        "Written by `make test-long`: the full counts of schedules, kills and racing writes.",
        "",
        "| what | figure |",
        "|---|---|",
        f"| at | {datetime.now(UTC):%Y-%m-%d %H:%M} UTC, commit {commit} |",
        f"| machine | {os.cpu_count()} cores, {platform.system()} {platform.release()}, Python {platform.python_version()} |",
        f"| tests | {suite.get('tests')}, failed {failed}, skipped {suite.get('skipped')} |",
        f"| took | {float(suite.get('time', 0)):.0f} s |",
    ]
    lines += [f"| `{name}` | {os.environ[name]} |" for name in COUNTS if name in os.environ]
    lines += ["", "| failed and slowest tests | s | result |", "|---|---|---|"]
    bad = [case for case in by_time if _result(case) in ("failed", "error")]
    for case in [*bad, *(one for one in by_time if one not in bad)][: max(SLOWEST, len(bad))]:
        result = _result(case)
        name = f"{case.get('classname', '').removeprefix('tests.')}::{case.get('name')}"
        lines.append(f"| `{name}` | {float(case.get('time', 0)):.1f} | {result} |")
    return lines


def _budgets(reported: Path) -> list[str]:
    """Nothing is there when the benches did not end."""
    told = reported.read_text() if reported.is_file() else "Not measured in this run."
    return [
        "## Budgets",
        "",
        "Measured last, when the tests were done, and held against `load/slo.json` as by `make budgets`.",
        "",
        told.rstrip("\n"),
    ]


def _result(case: ET.Element) -> str:
    for mark, result in (("failure", "failed"), ("error", "error"), ("skipped", "skipped")):
        if case.find(mark) is not None:
            return result
    return "passed"


if __name__ == "__main__":
    main()
