"""A variable with our prefix that nothing reads is a mistake, and is said to be one."""

import re
import subprocess
import sys
from pathlib import Path

import pytest

from chorus.settings import BadSettings, variable
from launch.known import known_variables, refuse_bad_redis, refuse_unknown
from launch.process import PROCESSES
from launch.starting import CONFIGURATION
from tests.support.installation import chorus, clean_environment
from tools.gen_settings import own_fields, settings_classes


def test_every_documented_setting_is_known() -> None:
    documented = {
        variable(kind, field) for kind in settings_classes() for field in own_fields(kind)
    }
    assert len(documented) > 50
    assert documented <= known_variables()


@pytest.mark.parametrize(
    ("name", "near"),
    [
        ("CHORUS_LOG_LEVLE", "CHORUS_LOG_LEVEL"),
        ("CHORUS_POOLSIZE", "CHORUS_POOL_SIZE"),
        ("CHORUS_DATABASE_URL", "DATABASE_URL"),
    ],
)
def test_the_nearest_known_name_is_told_and_no_value(name: str, near: str) -> None:
    with pytest.raises(BadSettings) as caught:
        refuse_unknown({name: "s3cret", "CHORUS_PORT": "1", "HOME": "/"})
    assert str(caught.value) == f"{name}: no such setting; the nearest known one is {near}."


@pytest.mark.parametrize(
    "url", ["redis://:s3cret@h:junk/0", "h:6379", "http://h", "redis://h:0", "redis://h:99999"]
)
def test_a_redis_url_nobody_can_use_is_refused_and_not_shown(url: str) -> None:
    with pytest.raises(BadSettings) as caught:
        refuse_bad_redis({"REDIS_URL": url})
    assert str(caught.value).startswith("REDIS_URL: no URL")
    assert "s3cret" not in str(caught.value)


@pytest.mark.parametrize("url", ["", "redis://h", "rediss://:pw@h:6380/1", "unix:///run/r.sock"])
def test_a_redis_url_that_may_work_is_tried(url: str) -> None:
    refuse_bad_redis({"REDIS_URL": url})


def test_what_only_tests_set_is_known() -> None:
    refuse_unknown({"CHORUS_SCHEDULES": "4", "CHORUS_FAILPOINT": "x", "CHORUS_LONG": "1"})


@pytest.mark.parametrize("process", PROCESSES)
def test_no_process_starts_with_a_misspelt_setting(process: str, tmp_path: Path) -> None:
    ended = subprocess.run(
        [sys.executable, "-m", "launch.process", process],
        env=clean_environment(CHORUS_DATA=str(tmp_path), CHORUS_DAAT="s3cret"),
        capture_output=True,
        text=True,
        timeout=50,
        check=False,
    )
    assert ended.returncode == CONFIGURATION
    assert ended.stderr == (
        f"{process}: CHORUS_DAAT: no such setting; the nearest known one is CHORUS_DATA.\n"
    )


def test_chorus_up_says_so_before_it_starts_anything(tmp_path: Path) -> None:
    ended = chorus("up", "--data", str(tmp_path / "data"), CHORUS_DAAT="s3cret")
    assert ended.returncode == CONFIGURATION
    assert "CHORUS_DAAT: no such setting; the nearest known one is CHORUS_DATA." in ended.stderr
    assert not (tmp_path / "data").exists()


def test_what_the_long_run_tells_its_tests_stops_no_start() -> None:
    makefile = (Path(__file__).parents[2] / "Makefile").read_text()
    told = set(re.findall(r"\b(CHORUS_[A-Z_]+)=", makefile))
    assert "CHORUS_SCHEDULES" in told
    assert told <= known_variables()
