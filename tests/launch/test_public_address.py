"""What the doctor says of the address that customers use, and of the proxies on the way to it."""

import ssl
import threading
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

import httpx
import pytest

from launch.findings import Finding
from launch.public_address import clock, examine
from tests.support.certificates import Authority
from tests.support.web_server import Answer, WebServer, web_server

pytestmark = pytest.mark.anyio
SCRIPT = Answer(b"var a;", headers={"Content-Type": "text/javascript"})


@pytest.fixture
def server() -> Iterator[WebServer]:
    """All of it leads here, but for sockets."""
    with web_server() as serving:
        serving.answers["/healthz"] = Answer(b"ok\n")
        serving.answers["/widget/v1/chorus.js"] = SCRIPT
        yield serving


async def found(base: str) -> dict[str, Finding]:
    return {one.check: one for one in await examine(base)}


async def test_a_proxy_that_strips_the_upgrade_is_named_with_its_fix(server: WebServer) -> None:
    findings = await found(server.url(""))
    assert {name: one.state for name, one in findings.items()} == {
        "address": "warning",
        "script": "ok",
        "clock": "ok",
        "websocket": "broken",
    }
    assert "Upgrade" in findings["websocket"].fix


@pytest.mark.parametrize(
    ("answer", "fact", "fix"),
    [
        (Answer(b"<!doctype html>"), "something else answers", "pass all paths"),
        (Answer(status=502), "something else answers there (502)", "pass all paths"),
        (
            Answer(status=301, headers={"Location": "https://chat.example.com/healthz"}),
            "redirects to https://chat.example.com",
            "name that address",
        ),
    ],
)
async def test_what_is_not_this_server_is_told_and_nothing_more_is_asked(
    server: WebServer, answer: Answer, fact: str, fix: str
) -> None:
    server.answers["/healthz"] = answer
    findings = await found(server.url(""))
    assert set(findings) == {"address", "proxy"}
    assert fact in findings["proxy"].fact
    assert fix in findings["proxy"].fix
    assert server.asked == ["/healthz"]


async def test_a_script_that_a_proxy_replaces_is_broken(server: WebServer) -> None:
    server.answers["/widget/v1/chorus.js"] = Answer(b"<!doctype html>")
    findings = await found(server.url(""))
    assert findings["script"].state == "broken"
    assert "websocket" not in findings


async def test_an_address_where_nobody_listens_is_one_sentence() -> None:
    proxy = (await found("http://127.0.0.1:1"))["proxy"]
    assert (proxy.state, "does not answer" in proxy.fact) == ("broken", True)


async def test_a_certificate_that_browsers_refuse_is_named(tmp_path: Path) -> None:
    paths = Authority().write(tmp_path)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(paths["rpc_cert"], paths["rpc_key"])
    serving = HTTPServer(("127.0.0.1", 0), BaseHTTPRequestHandler)
    serving.socket = context.wrap_socket(serving.socket, server_side=True)
    thread = threading.Thread(target=serving.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    try:
        proxy = (await found(f"https://127.0.0.1:{serving.server_address[1]}"))["proxy"]
    finally:
        serving.shutdown()
        serving.server_close()
        thread.join()
    assert "certificate" in proxy.fix


@pytest.mark.parametrize(
    ("ahead", "state"),
    [(timedelta(), "ok"), (timedelta(seconds=-4), "ok"), (timedelta(minutes=2), "warning")],
)
def test_a_clock_that_is_off_is_a_warning(ahead: timedelta, state: str) -> None:
    date = format_datetime(datetime.now(UTC) + ahead, usegmt=True)
    assert clock(httpx.Response(200, headers={"Date": date})).state == state


@pytest.mark.parametrize("headers", [{}, {"Date": "yesterday"}])
def test_a_server_without_a_date_is_a_warning(headers: dict[str, str]) -> None:
    assert clock(httpx.Response(200, headers=headers)).state == "warning"
