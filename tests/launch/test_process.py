"""A process whose settings do not fit says so in one sentence, before it starts anything."""

import subprocess
import sys
from pathlib import Path

import pytest

from launch.starting import CONFIGURATION
from tests.support.installation import clean_environment


@pytest.mark.parametrize("process", ["edge", "gateway", "api"])
@pytest.mark.parametrize(
    ("variable", "value", "named"),
    [
        ("CHORUS_RPC", "10.0.0.7:5999", "CHORUS_RPC_CA"),
        ("CHORUS_ISSUERS", "[{}]", "CHORUS_ISSUERS"),
        ("CHORUS_TRUSTED_PROXIES", "everybody", "CHORUS_TRUSTED_PROXIES"),
    ],
)
def test_a_wrong_setting_is_one_sentence(
    process: str, variable: str, value: str, named: str, tmp_path: Path
) -> None:
    ended = subprocess.run(
        [sys.executable, "-m", "launch.process", process],
        env=clean_environment(CHORUS_DATA=str(tmp_path), CHORUS_PORT="0", **{variable: value}),
        capture_output=True,
        text=True,
        timeout=50,
        check=False,
    )
    assert ended.returncode == CONFIGURATION
    assert ended.stderr.startswith(f"{process}: {named}: ")
    assert len(ended.stderr.splitlines()) == 1
