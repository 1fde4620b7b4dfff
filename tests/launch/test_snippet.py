"""What `chorus widget snippet` writes, and what it finds out about a server."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import orjson
import pytest
from typer.testing import CliRunner

from launch import cli, files
from launch.faults import LaunchError
from launch.policy import written
from launch.snippet import Pinned, Place, report, tag, the_place
from tests.support.web_server import Answer, WebServer, web_server

SCRIPT = Answer(b"void 0", headers={"Content-Type": "text/javascript; charset=utf-8"})
MANIFEST = {"loader": "chorus.0123456789ab.js", "integrity": "sha384-abc"}


@pytest.fixture
def server() -> Iterator[WebServer]:
    with web_server() as serving:
        serving.answers["/widget/v1/chorus.js"] = SCRIPT
        serving.answers["/widget/v1/manifest.json"] = Answer(orjson.dumps(MANIFEST))
        config = {"inbox": {"name": "Web"}, "apiBase": serving.url("")}
        serving.answers["/widget/v1/config?key=pk_a"] = Answer(orjson.dumps(config))
        yield serving


def found(server: WebServer, *sites: str) -> dict[str, dict[str, Any]]:
    checks = report(Place(server.url(""), "pk_a", sites)).as_json()["checks"]
    assert isinstance(checks, list)
    return {one["check"]: one for one in checks}


@pytest.mark.parametrize(
    ("typed", "read"),
    [
        ("https://chat.example.com/", "https://chat.example.com"),
        ("chat.example.com", "https://chat.example.com"),
        ("HTTPS://Chat.Example.com:443", "https://chat.example.com"),
        ("http://127.0.0.1:8080", "http://127.0.0.1:8080"),
        ("http://[::1]:8080", "http://[::1]:8080"),
        ("https://bücher.example", "https://xn--bcher-kva.example"),
    ],
)
def test_an_address_is_written_as_browsers_write_origins(typed: str, read: str) -> None:
    assert the_place(typed, "pk_a", []).base == read
    assert the_place("https://c.example", "pk_a", [f"{read}/cart?x=1"]).sites == (read,)


@pytest.mark.parametrize(
    "typed",
    [
        "ftp://chat.example.com",
        "https://",
        "https://user:secret@chat.example.com",
        "https://chat.example.com/sub",
        "https://chat.example.com?x",
        "https://chat.example.com:port",
        "https://" + "a" * 64 + ".example",
    ],
)
def test_what_is_no_address_of_a_server_is_a_sentence(typed: str) -> None:
    with pytest.raises(LaunchError, match="--url"):
        the_place(typed, "pk_a", [])


@pytest.mark.parametrize("key", ["", 'pk_"><script>', "pk a", "k" * 101])
def test_what_is_no_key_is_a_sentence(key: str) -> None:
    with pytest.raises(LaunchError, match="inbox key"):
        the_place("https://chat.example.com", key, [])


def test_the_tag_never_changes_and_the_pinned_one_names_its_hash() -> None:
    place = Place("https://chat.example.com", "pk_a")
    assert tag(place) == (
        '<script async src="https://chat.example.com/widget/v1/chorus.js" data-key="pk_a"></script>'
    )
    assert tag(place, Pinned("chorus.1.js", "sha384-x")) == (
        '<script async src="https://chat.example.com/widget/v1/chorus.1.js" data-key="pk_a"'
        ' integrity="sha384-x" crossorigin="anonymous"></script>'
    )


def test_the_policy_has_what_the_widget_needs_and_no_more(server: WebServer) -> None:
    base = server.url("")
    assert written(report(Place(base, "pk_a")).directives) == (
        f"script-src {base}/widget/v1/; connect-src {base} ws{base.removeprefix('http')};"
        f" img-src {base} blob:"
    )


def test_a_server_that_serves_it_is_fine_but_for_being_local(server: WebServer) -> None:
    checks = found(server)
    assert {name: one["state"] for name, one in checks.items()} == {
        "address": "warning",
        "script": "ok",
        "inbox": "ok",
    }
    assert "--url" in checks["address"]["fix"]


@pytest.mark.parametrize(
    ("path", "answer", "check", "fix"),
    [
        ("chorus.js", Answer(status=404), "script", "npm run build"),
        ("chorus.js", Answer(b"<!doctype html>"), "script", "proxy"),
        ("config?key=pk_a", Answer(status=404), "inbox", "enabled inbox"),
        ("config?key=pk_a", Answer(status=500), "inbox", "chorus doctor"),
        ("config?key=pk_a", Answer(b"<!doctype html>"), "inbox", "proxy"),
    ],
)
def test_what_is_broken_is_named_with_its_fix(
    server: WebServer, path: str, answer: Answer, check: str, fix: str
) -> None:
    server.answers[f"/widget/v1/{path}"] = answer
    one = found(server)[check]
    assert one["state"] == "broken"
    assert fix in one["fix"]
    assert not report(Place(server.url(""), "pk_a")).works


def test_a_server_that_takes_itself_for_another_is_told_by_which_setting(
    server: WebServer,
) -> None:
    config = {"inbox": {"name": "Web"}, "apiBase": "http://10.0.0.7:8080"}
    server.answers["/widget/v1/config?key=pk_a"] = Answer(orjson.dumps(config))
    one = found(server)["inbox"]
    assert (one["state"], "CHORUS_BASE_URL" in one["fix"]) == ("warning", True)


def test_a_server_that_is_away_is_one_finding(server: WebServer) -> None:
    checks = report(Place("http://127.0.0.1:1", "pk_a")).as_json()["checks"]
    assert isinstance(checks, list)
    assert [one["check"] for one in checks if one["state"] == "broken"] == ["script"]


def test_without_a_build_there_is_no_pinned_tag(server: WebServer) -> None:
    assert report(Place(server.url(""), "pk_a")).pinned is not None
    del server.answers["/widget/v1/manifest.json"]
    assert report(Place(server.url(""), "pk_a")).pinned is None


def test_the_command_is_about_the_running_installation(tmp_path: Path, server: WebServer) -> None:
    urls = {"base": server.url(""), "ws": ""}
    ports = {"edge": 1, "postgres": 1, "redis": 1}
    run = files.RunFile({}, ports, urls, tenant="demo", inbox_key="pk_a", load_inbox_key="")
    files.write_run_file(tmp_path, run)
    words = ["widget", "snippet", "--data", str(tmp_path)]
    with files.only_one(tmp_path):
        shown = CliRunner().invoke(cli.app, words)
        told = CliRunner().invoke(cli.app, [*words, "--json"])
        away = CliRunner().invoke(cli.app, [*words, "--url", "http://127.0.0.1:1"])
    assert (shown.exit_code, told.exit_code, away.exit_code) == (0, 0, 1)
    assert 'data-key="pk_a"></script>\n' in shown.output
    assert json.loads(told.output)["csp"].startswith("Content-Security-Policy: script-src ")


def test_with_address_and_key_nothing_has_to_run_here(tmp_path: Path, server: WebServer) -> None:
    words = ["widget", "snippet", "--data", str(tmp_path), "--url", server.url("")]
    told = CliRunner().invoke(cli.app, [*words, "--key", "pk_a", "--json"])
    assert (told.exit_code, json.loads(told.output)["works"]) == (0, True)
