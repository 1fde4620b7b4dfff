"""Settings are read once from a mapping; a wrong one is named, its value never is."""

from pathlib import Path
from typing import Any

import pytest
from pydantic import Field, ValidationError

from chorus.settings import BadSettings, Settings, variable


class Sample(Settings):
    """What the tests read."""

    wait_ms: int = Field(5, ge=1, le=100)
    """How long."""
    database_url: str = Field("none", validation_alias="DATABASE_URL")
    """Where."""


def test_an_empty_environment_gives_the_defaults() -> None:
    settings = Sample.from_env({})
    assert (settings.wait_ms, settings.database_url, settings.dev) == (5, "none", False)


def test_variables_carry_the_prefix_unless_they_have_a_name() -> None:
    settings = Sample.from_env(
        {"CHORUS_WAIT_MS": "7", "DATABASE_URL": "postgresql://x", "WAIT_MS": "9"}
    )
    assert (settings.wait_ms, settings.database_url) == (7, "postgresql://x")
    assert variable(Sample, "wait_ms") == "CHORUS_WAIT_MS"
    assert variable(Sample, "database_url") == "DATABASE_URL"


def test_an_empty_variable_counts_as_absent() -> None:
    assert Sample.from_env({"CHORUS_WAIT_MS": ""}).wait_ms == 5


@pytest.mark.parametrize(
    ("text", "fact"), [("1", True), ("0", False), ("true", True), ("off", False)]
)
def test_a_switch_is_read_as_people_write_it(text: str, fact: bool) -> None:
    assert Sample.from_env({"CHORUS_DEV": text}).dev is fact


@pytest.mark.parametrize(
    ("environment", "named"),
    [
        ({"CHORUS_WAIT_MS": "s3cret"}, "CHORUS_WAIT_MS"),
        ({"CHORUS_WAIT_MS": "101"}, "CHORUS_WAIT_MS"),
        ({"CHORUS_LOG_LEVEL": "s3cret"}, "CHORUS_LOG_LEVEL"),
        ({"CHORUS_DEV": "s3cret"}, "CHORUS_DEV"),
    ],
)
def test_a_wrong_variable_is_named_without_its_value(
    environment: dict[str, str], named: str
) -> None:
    with pytest.raises(BadSettings) as caught:
        Sample.from_env(environment)
    assert str(caught.value).startswith(f"{named}: ")
    assert "s3cret" not in str(caught.value)


def test_all_wrong_variables_are_named_at_once() -> None:
    with pytest.raises(BadSettings, match=r"CHORUS_LOG_LEVEL: .*; CHORUS_WAIT_MS: "):
        Sample.from_env({"CHORUS_WAIT_MS": "x", "CHORUS_LOG_LEVEL": "x"})


def test_settings_do_not_change() -> None:
    changing: Any = Sample.from_env({})
    with pytest.raises(ValidationError, match="frozen"):
        changing.wait_ms = 9


def test_keys_and_the_rpc_socket_live_in_the_data_directory_by_default(tmp_path: Path) -> None:
    settings = Settings.from_env({"CHORUS_DATA": str(tmp_path)})
    assert settings.keys_dir == tmp_path / "keys"
    assert settings.rpc_target == f"unix:{tmp_path}/rpc.sock"


def test_keys_and_the_rpc_target_can_be_named() -> None:
    settings = Settings.from_env({"CHORUS_KEYS": "/etc/keys", "CHORUS_RPC": "chat:9000"})
    assert (settings.keys_dir, settings.rpc_target) == (Path("/etc/keys"), "chat:9000")


def test_the_rpc_socket_is_absolute_whatever_the_data_directory() -> None:
    assert Settings(data=Path("there")).rpc_target == f"unix:{Path.cwd()}/there/rpc.sock"
