"""The command line in this process: what it prints and with which status it ends."""

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner

from launch import cli, doctor, files
from launch.doctor import Patient
from launch.findings import Finding, render
from launch.process import PROCESSES

RUN = files.RunFile(
    {"writer": 4_194_305},
    {"edge": 1, "postgres": 1, "redis": 1},
    {"base": "http://127.0.0.1:1", "ws": "ws://127.0.0.1:1"},
    tenant="demo",
    inbox_key="pk_a",
    load_inbox_key="pk_b",
)


@pytest.fixture
def held(tmp_path: Path) -> Path:
    """A data folder whose processes are gone although somebody holds it."""
    files.write_run_file(tmp_path, RUN)
    return tmp_path


def invoke(*words: str) -> tuple[int, str]:
    found = CliRunner().invoke(cli.app, list(words))
    return found.exit_code, found.output


def test_every_process_has_a_command() -> None:
    names = {command.name for command in cli.app.registered_commands}
    assert set(PROCESSES) <= names
    assert {"up", "down", "doctor", "migrate", "seed", "chat", "tail", "bench"} <= names | {
        callback.callback.__name__ for callback in cli.app.registered_commands if callback.callback
    }


def test_what_does_not_run_is_said_in_words_and_in_json(tmp_path: Path) -> None:
    code, said = invoke("status", "--data", str(tmp_path))
    assert (code, said) == (1, "not running\n")
    code, said = invoke("status", "--data", str(tmp_path), "--json")
    assert json.loads(said)["running"] is False


def test_rotating_keys_names_the_new_one(tmp_path: Path) -> None:
    code, said = invoke("keys", "rotate", "--data", str(tmp_path), "--json")
    kid = json.loads(said)["kid"]
    assert code == 0
    assert (tmp_path / "keys" / "current").read_text() == kid


def test_a_sentence_and_a_status_are_all_of_an_error(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("sys.argv", ["chorus", "tail", "x", "--data", str(tmp_path)])
    with pytest.raises(SystemExit) as ended:
        cli.main()
    assert ended.value.code == 2
    assert capsys.readouterr().err == (
        f"chorus: Nothing runs on {tmp_path}; start it with `chorus up`\n"
    )


async def examined(data: Path) -> dict[str, Finding]:
    return {finding.check: finding for finding in await doctor.examine(data, {})}


@pytest.mark.anyio
async def test_the_doctor_names_what_is_gone_and_how_to_mend_it(held: Path) -> None:
    with files.only_one(held):
        findings = await examined(held)
    for check in ("processes", "database", "edge", "websocket"):
        assert findings[check].state == "broken"
        assert findings[check].fix
    assert "fix:" in render(list(findings.values()))


@pytest.mark.anyio
async def test_the_doctor_is_calm_before_the_first_start(tmp_path: Path) -> None:
    findings = await examined(tmp_path / "new")
    assert not [finding for finding in findings.values() if finding.state == "broken"]
    assert findings["running"].fix == "start it: chorus up"


def test_an_old_node_and_few_files_are_warnings(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    patient = Patient(tmp_path, {}, None)
    node = tmp_path / "node"
    node.write_text("#!/bin/sh\necho v16.0.0\n")
    node.chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}:/usr/bin:/bin")
    monkeypatch.setattr("resource.getrlimit", lambda _what: (1024, 1024))
    assert doctor.check_node(patient).state == "warning"
    assert doctor.check_open_files(patient).state == "warning"
    node.unlink()
    monkeypatch.setenv("PATH", str(tmp_path))
    assert doctor.check_node(patient).fact == "not found"


def test_a_full_disk_and_foreign_data_are_broken(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    cluster = tmp_path / "postgres" / "cluster"
    cluster.mkdir(parents=True)
    (cluster / "PG_VERSION").write_text("12\n")
    monkeypatch.setattr(doctor, "DISK_NEEDED_MIB", 1 << 40)
    patient = Patient(tmp_path, {}, None)
    assert doctor.check_disk(patient).state == "broken"
    assert "PostgreSQL 12" in doctor.check_data(patient).fact
