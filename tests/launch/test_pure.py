"""The decisions of the launcher that need no process."""

from pathlib import Path

import pytest

from chorus.issuers import parse_issuers
from launch import page, plan
from launch.backoff import restart_delay_s
from launch.conversation import as_line
from launch.files import SeededAgent
from launch.plan import Options, Servers

GOLDEN = Path(__file__).parent / "golden" / "first_run.txt"
SERVERS = Servers("postgresql://u:p@127.0.0.1:5/d", "redis://127.0.0.1:6/0")


def test_delays_double_up_to_ten_seconds() -> None:
    delays, delay = [], None
    for _ in range(8):
        delay = restart_delay_s(delay, lived_s=1)
        delays.append(delay)
    assert delays == [0.2, 0.4, 0.8, 1.6, 3.2, 6.4, 10.0, 10.0]


def test_a_healthy_life_resets_the_delay() -> None:
    assert restart_delay_s(10.0, lived_s=30) == 0.2
    assert restart_delay_s(0.4, lived_s=29.9) == 0.8


def first_run_page() -> str:
    welcome = page.Welcome(
        plan.urls("127.0.0.1", 8080),
        (
            SeededAgent("ada@demo.test", "chorus-7f3k", "admin"),
            SeededAgent("bo@demo.test", "chorus-7f3k", "agent"),
            SeededAgent("cy@demo.test", "chorus-7f3k", "supervisor"),
        ),
        dev_token="one-time",
        password="chorus-7f3k",
        credentials="./.chorus/credentials",
    )
    postgres = page.ServerReady("PostgreSQL", "18.4", "embedded", "127.0.0.1:54329", 0.91)
    redis = page.ServerReady("Redis", "6.2.14", "embedded", "127.0.0.1:56379", 0.12)
    lines = [
        page.header(Path("/home/me/chorus/.chorus"), Path("/home/me/chorus")),
        page.preflight_line("3.11.7"),
        page.server_line(postgres, 14),
        page.server_line(redis),
        page.processes_line(1, plan.SINGLE_PROCESSES, 2.14),
        page.round_trip_line(23.4),
        page.welcome(welcome),
    ]
    return "\n".join(lines) + "\n"


def test_the_first_run_page_is_the_one_people_know() -> None:
    assert first_run_page() == GOLDEN.read_text()


def test_the_password_is_shown_once_and_the_demo_only_when_seeded() -> None:
    later = page.welcome(
        page.Welcome(
            plan.urls("127.0.0.1", 8080),
            (SeededAgent("ada@demo.test", "secret", "admin"),),
            dev_token="t",
            password=None,
            credentials="./.chorus/credentials",
        )
    )
    bare = page.welcome(page.Welcome(plan.urls("0.0.0.0", 80), (), None, None, ""))
    assert "secret" not in later
    assert "./.chorus/credentials" in later
    assert "/demo" not in bare
    assert "#dev=" not in bare


def test_each_edge_serves_its_own_socket_on_a_shared_port() -> None:
    options = Options(Path("/data"), edges=2)
    commands = plan.commands(options, 8080, SERVERS, inherited={"PATH": "/bin"})
    edges = [command for command in commands if command.group == "edge"]
    targets = [(command.environment or {})["CHORUS_RPC"] for command in edges]
    assert [command.name for command in edges] == ["edge-0", "edge-1"]
    assert targets == ["unix:/data/rpc-0.sock", "unix:/data/rpc-1.sock"]
    assert [command.name for command in commands[:4]] == ["writer", "conductor", "presence", "bot"]


def test_a_socket_path_too_long_for_the_kernel_moves_to_the_temp_folder() -> None:
    target = plan.rpc_target(Path("/" + "long/" * 30), 0, 1)
    assert len(target.removeprefix("unix:")) <= plan.SOCKET_PATH_MAX_BYTES
    assert target.endswith("/rpc.sock")


@pytest.mark.parametrize(
    ("host", "dev"), [("127.0.0.1", "1"), ("localhost", "1"), ("::1", "1"), ("0.0.0.0", "0")]
)
def test_development_extras_exist_on_loopback_only(host: str, dev: str) -> None:
    environment = plan.shared_environment(
        Options(Path("/data"), host), 8080, SERVERS, inherited={"CHORUS_DEV": "1"}
    )
    assert environment["CHORUS_DEV"] == dev


def test_what_the_person_set_for_logs_stays() -> None:
    environment = plan.shared_environment(
        Options(Path("/data")), 1, SERVERS, inherited={"CHORUS_LOG_FORMAT": "json"}
    )
    assert environment["CHORUS_LOG_FORMAT"] == "json"


def test_an_edge_is_ready_when_writers_are_unless_the_person_asks_for_less() -> None:
    def needed(inherited: dict[str, str]) -> set[str | None]:
        commands = plan.commands(Options(Path("/d"), edges=2), 1, SERVERS, inherited=inherited)
        return {
            (command.environment or {}).get("CHORUS_READY_NEEDS")
            for command in commands
            if command.group == "edge"
        }

    assert needed({}) == {"postgres,redis,writer"}
    assert needed({"CHORUS_READY_NEEDS": "redis"}) == {"redis"}


def test_frames_read_like_a_conversation() -> None:
    said = {"userId": "a", "role": "agent", "content": "Hi"}
    refused = {"code": "STALE_VIEW", "reason": "Ada replied."}
    assert as_line("message", said, 7, "a") == "    7  you: Hi"
    assert as_line("message", {**said, "visibility": "agents"}, 7, "b") == "    7  agent (note): Hi"
    assert as_line("nack", refused, None, "a") == "       ✗ STALE_VIEW Ada replied."
    assert as_line("void", {}, 8, "a") is None


def test_the_back_end_of_the_demo_shop_is_trusted_on_loopback_unless_others_are_named() -> None:
    def issuers(host: str, inherited: dict[str, str]) -> str | None:
        options = Options(Path("/data"), host)
        return plan.shared_environment(options, 8080, SERVERS, inherited=inherited).get(
            "CHORUS_ISSUERS"
        )

    (ours,) = parse_issuers(issuers("127.0.0.1", {}) or "")
    assert ours.jwks_url == "http://localhost:8080/dev/demo/jwks.json"
    assert ours.audiences == ["chorus-visitor"]
    assert issuers("0.0.0.0", {}) is None
    assert issuers("127.0.0.1", {"CHORUS_ISSUERS": "[]"}) == "[]"
