"""`chorus up` as a person meets it: the whole thing on real processes, and its refusals."""

import json
import shutil
import signal
import socket
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import psutil
import pytest

from launch import postgres
from launch.conversation import chat_as_agent, chat_as_customer
from launch.database import add_agent, mint_agent_token
from launch.doctor import examine
from launch.faults import LaunchError
from launch.findings import render
from launch.installation import the_database_url
from launch.rest_client import open_rest
from launch.status import read_status
from launch.status import render as render_status
from tests.support.installation import (
    PATIENCE_S,
    Up,
    chorus,
    clean_environment,
    eventually,
    running,
)

pytestmark = [pytest.mark.slow, pytest.mark.anyio, pytest.mark.timeout(240)]
PROCESSES = {
    "edge",
    "writer",
    "conductor",
    "presence",
    "bot",
    "indexer",
    "postgres",
    "redis",
    "chroma",
}


@pytest.fixture(scope="module")
def up(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Up]:
    with running(tmp_path_factory.mktemp("up") / "data") as running_up:
        yield running_up


@pytest.fixture
def data(tmp_path: Path) -> Iterator[Path]:
    yield tmp_path / "data"
    shutil.rmtree(postgres.shelter_of(tmp_path / "data"), ignore_errors=True)


def test_the_first_run_shows_the_way_in(up: Up) -> None:
    run = up.run()
    assert set(run["pids"]) == PROCESSES
    assert [agent["role"] for agent in run["agents"]] == ["admin", "agent", "supervisor"]
    assert "✓ round trip visitor → agent → visitor" in up.page
    assert run["agents"][0]["password"] in up.page
    assert f"{run['urls']['console']}#dev=" in up.page
    assert httpx.get(f"{run['urls']['base']}/readyz", trust_env=False).status_code == 200


def test_secrets_are_for_their_owner_alone(up: Up) -> None:
    for name in ("run.json", "credentials"):
        assert (up.data / name).stat().st_mode & 0o777 == 0o600


def test_a_second_start_on_the_same_data_is_one_sentence(up: Up) -> None:
    second = chorus("up", "--data", str(up.data))
    assert second.returncode == 2
    assert "already runs" in second.stderr
    assert second.stderr.count("\n") == 1


def test_status_shows_every_process(up: Up) -> None:
    status = read_status(up.data)
    assert status.running
    assert status.ready == 200
    assert {process.name for process in status.processes} == PROCESSES
    assert all(process.alive for process in status.processes)
    assert render_status(status).count("\n") == len(PROCESSES)


def test_the_demo_shop_knows_how_long_delivery_takes(up: Up) -> None:
    asked = chorus("kb", "ask", "how long does delivery take", "--data", str(up.data), "--json")
    found = json.loads(asked.stdout)
    assert found["passages"][0]["title"] == "Delivery times"
    assert found["confidence"] > 0.45
    assert not found["degraded"]


async def test_the_doctor_finds_nothing(up: Up) -> None:
    base = up.run_file.urls["base"]
    findings = await examine(up.data, clean_environment(), public_url=base)
    assert [finding for finding in findings if finding.state == "broken"] == []
    expected = {
        "websocket",
        "round trip",
        "database",
        "redis",
        "chroma",
        "address",
        "script",
        "clock",
    }
    assert expected <= {each.check for each in findings}
    assert "fix:" not in render([each for each in findings if each.state == "ok"])


async def test_a_customer_and_an_agent_talk_in_the_terminal(
    up: Up, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("sys.stdin", iter(["Is anybody there?\n"]))
    await chat_as_customer(up.run_file, name="Terminal")
    conversation = capsys.readouterr().err.split()[1]
    monkeypatch.setattr("sys.stdin", iter(["Yes, I am.\n"]))
    await chat_as_agent(up.run_file, conversation=conversation, email="bo@demo.test")
    shown = capsys.readouterr().out
    assert "customer: Is anybody there?" in shown
    assert "you: Yes, I am." in shown


async def test_somebody_added_can_be_spoken_for(up: Up) -> None:
    url = the_database_url(up.data, clean_environment())
    added = await add_agent(url, "di@demo.test", "Di", role="agent", tenant="demo")
    minted = await mint_agent_token(url, up.data / "keys", "di@demo.test", ttl_s=60)
    async with open_rest(up.urls["base"]) as rest:
        seen = await rest.call("GET", "/livechat/conversations", token=str(minted["token"]))
    assert seen["items"]
    assert added["password"].startswith("chorus-")
    with pytest.raises(LaunchError, match="already"):
        await add_agent(url, "DI@demo.test", "Di", role="agent", tenant="demo")
    with pytest.raises(LaunchError, match="no tenant"):
        await add_agent(url, "ed@demo.test", "Ed", role="agent", tenant="nowhere")
    with pytest.raises(LaunchError, match="nobody with the address"):
        await mint_agent_token(url, up.data / "keys", "no@demo.test", ttl_s=60)


def test_a_killed_part_comes_back_on_its_port_and_messages_flow(data: Path) -> None:
    with running(data, "--edges", "2") as up:
        before = up.run()
        assert len(before["pids"]["edge"]) == 2
        for name in ("writer", "redis", "postgres"):
            up.kill9(name)
        eventually(
            lambda: all(up.run()["pids"][n] != before["pids"][n] for n in ("writer", "redis"))
        )
        assert up.run()["ports"] == before["ports"]
        eventually(lambda: chorus("doctor", "--data", str(data)).returncode == 0)

        processes = [process for process in up.processes() if process.is_running()]
        assert up.end(signal.SIGKILL) == -signal.SIGKILL
        assert psutil.wait_procs(processes, timeout=PATIENCE_S)[1] == []


def test_ctrl_c_stops_everything_and_the_data_stays(data: Path) -> None:
    with running(data) as up:
        password = up.run()["agents"][0]["password"]
        processes = up.processes()
        assert up.end(signal.SIGINT) == 0
        assert psutil.wait_procs(processes, timeout=1)[1] == []
        assert not (data / "run.json").exists()
    with running(data, "--json") as again:
        assert again.run()["agents"][0]["password"] == password
        assert password not in again.page
        eventually(lambda: told(again) == [without_passwords(again.run())])
        down = chorus("down", "--data", str(data), "--json")
        assert json.loads(down.stdout) == {"stopped": True}
        assert again.process.wait(PATIENCE_S) == 0


def without_passwords(run: dict[str, Any]) -> dict[str, Any]:
    people = [{"email": agent["email"], "role": agent["role"]} for agent in run["agents"]]
    return {**run, "agents": people}


def told(up: Up) -> list[Any]:
    """What `--json` has printed between the lines for people."""
    return [json.loads(line) for line in up.output().splitlines() if line.startswith('{"pids"')]


def test_a_taken_port_is_one_sentence(data: Path) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = str(taken.getsockname()[1])
        refused = chorus("up", "--data", str(data), "--port", port)
    assert refused.returncode == 2
    assert refused.stderr.count("\n") == 1
    assert f"Port {port} on 127.0.0.1 is taken" in refused.stderr


@pytest.mark.parametrize("address", ["127.0.0.1:1", "192.0.2.1:5432"])
def test_an_unreachable_database_is_one_sentence(data: Path, address: str) -> None:
    refused = chorus("up", "--data", str(data), DATABASE_URL=f"postgresql://u:secret@{address}/db")
    assert refused.returncode == 2
    assert address in refused.stderr
    assert refused.stderr.count("\n") == 1
    assert "secret" not in refused.stderr + refused.stdout
    assert not (data / "run.json").exists()


def test_data_of_another_version_is_one_sentence(data: Path) -> None:
    cluster = postgres.prepare(data, 1)
    (cluster.data / "PG_VERSION").write_text("13\n")
    refused = chorus("up", "--data", str(data))
    assert refused.returncode == 2
    assert "was made by PostgreSQL 13" in refused.stderr
    assert refused.stderr.count("\n") == 1


def test_commands_without_an_installation_say_so(data: Path) -> None:
    refused = chorus("widget", "snippet", "--data", str(data))
    assert refused.returncode == 2
    assert "start it with `chorus up`" in refused.stderr
    assert chorus("down", "--data", str(data)).stdout.startswith("nothing runs")
    assert chorus("status", "--data", str(data)).returncode == 1
