"""Two applications and the pages on one port."""

import asyncio
import gzip
import os
from pathlib import Path

import httpx
import pytest
from starlette.applications import Starlette
from starlette.responses import PlainTextResponse
from starlette.routing import Route
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from launch.composite import Composite, LifespanFailed, belongs_to_gateway, lifespan
from launch.pages import create_pages, page_of, respond, serves

pytestmark = pytest.mark.anyio
HASH = "a" * 43


def tiny(name: str, events: list[str], *, fails: bool = False) -> ASGIApp:
    """An application that answers with its name and the state of its own lifespan."""

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "lifespan":
            text = f"{name} {scope.get('state', {}).get('mine')}"
            await PlainTextResponse(text)(scope, receive, send)
            return
        await receive()
        events.append(f"{name} up")
        scope["state"]["mine"] = name
        if fails:
            raise RuntimeError("no database")
        await send({"type": "lifespan.startup.complete"})
        await receive()
        events.append(f"{name} down")
        await send({"type": "lifespan.shutdown.complete"})

    return app


def stating(facts: str, status: int) -> ASGIApp:
    """An application that starts at once and answers everything with one fact."""

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "lifespan":
            for phase in ("startup", "shutdown"):
                await receive()
                await send({"type": f"lifespan.{phase}.complete"})
            return
        await PlainTextResponse(facts, status)(scope, receive, send)

    return app


@pytest.mark.parametrize(
    ("gateway", "api", "status"), [(200, 200, 200), (503, 200, 503), (200, 503, 503)]
)
async def test_the_edge_is_ready_when_both_are(gateway: int, api: int, status: int) -> None:
    app = Composite(
        gateway=stating('{"degraded": ["redis"]}', gateway),
        api=stating("not json", api),
        pages=create_pages(None, dev=True),
        is_page=serves(None, dev=True),
    )
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://t") as client:
        answer = await client.get("/readyz")
    assert answer.status_code == status
    assert answer.json()["degraded"] == ["redis"]
    assert answer.json()["ready"] is (status == 200)


def composed(events: list[str], *, gateway_fails: bool = False) -> Composite:
    return Composite(
        gateway=tiny("gateway", events, fails=gateway_fails),
        api=tiny("api", events),
        pages=create_pages(None, dev=True),
        is_page=serves(None, dev=True),
    )


@pytest.mark.parametrize(
    ("path", "answer"),
    [
        ("/livechat/conversations", "api api"),
        ("/livechat/conversations/1/events", "gateway gateway"),
        ("/livechat/conversations/1/events/2", "api api"),
        ("/ws/v1/inbox", "gateway gateway"),
        ("/docs", "api api"),
        ("/healthz", "api api"),
    ],
)
async def test_each_path_reaches_its_application_with_its_state(path: str, answer: str) -> None:
    app = composed([])
    async with lifespan(app):
        transport = httpx.ASGITransport(app)
        async with httpx.AsyncClient(transport=transport, base_url="http://t") as client:
            assert (await client.get(path)).text == answer


def test_every_socket_belongs_to_the_gateway() -> None:
    assert belongs_to_gateway({"type": "websocket", "path": "/anything"})


async def test_the_api_starts_first_and_stops_last() -> None:
    events: list[str] = []
    async with lifespan(composed(events)):
        pass
    assert events == ["api up", "gateway up", "gateway down", "api down"]


async def test_a_failed_start_says_why_and_stops_what_ran() -> None:
    events: list[str] = []
    with pytest.raises(LifespanFailed, match="RuntimeError: no database"):
        async with lifespan(composed(events, gateway_fails=True)):
            pass
    assert events == ["api up", "gateway up", "api down"]


async def test_a_starlette_lifespan_is_understood() -> None:
    async with lifespan(Starlette(routes=[Route("/", PlainTextResponse("x"))])) as state:
        assert state == {}


async def test_without_built_pages_a_sentence_says_how_to_build() -> None:
    transport = httpx.ASGITransport(composed([]))
    async with httpx.AsyncClient(transport=transport, base_url="http://t") as client:
        answer = await client.get("/console/inbox/1")
    assert answer.status_code == 503
    assert "npm run build" in answer.text


@pytest.fixture
def built(tmp_path: Path) -> Path:
    for name in (
        "demo/index.html",
        "console/index.html",
        "assets/app-1a2b.js",
        "docs/index.html",
        "widget/v1/chorus.js",
        f"widget/v1/panel.{HASH}.js",
        "widget/v1/manifest.json",
    ):
        path = tmp_path / "pages" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(name)
    (tmp_path / "secret").write_text("secret")
    return (tmp_path / "pages").resolve()


async def fetch(
    built: Path, path: str, *, dev: bool = True, encodings: str = "identity"
) -> httpx.Response:
    transport = httpx.ASGITransport(create_pages(built, dev=dev))
    async with httpx.AsyncClient(transport=transport, base_url="http://t") as client:
        return await client.get(path, headers={"Accept-Encoding": encodings})


@pytest.mark.parametrize("path", ["/assets/app-1a2b.js", "/widget/v1/chorus.js", "/console/inbox"])
async def test_who_takes_gzip_gets_the_copy_of_the_build_as_long_as_it_is_one(
    built: Path, path: str
) -> None:
    file = built / ("console/index.html" if path == "/console/inbox" else path[1:])
    copy = file.with_name(f"{file.name}.gz")
    copy.write_bytes(gzip.compress(b"compressed"))
    packed = await fetch(built, path, encodings="br, gzip;q=0.8")
    assert (packed.text, packed.headers["content-encoding"]) == ("compressed", "gzip")
    plain = [await fetch(built, path, encodings=one) for one in ("identity", "gzip; q=0", "")]
    assert {one.text for one in plain} == {str(file.relative_to(built))}
    for name in ("content-type", "cache-control", "vary"):
        assert packed.headers[name] == plain[0].headers[name]
    assert packed.headers["etag"] != plain[0].headers["etag"]
    os.utime(copy, (1.0, 1.0))
    old = await fetch(built, path, encodings="gzip")
    assert "content-encoding" not in old.headers


async def test_deep_links_are_the_page_and_assets_are_kept(built: Path) -> None:
    page, asset = await fetch(built, "/console/inbox/7"), await fetch(built, "/assets/app-1a2b.js")
    assert page.text == "console/index.html"
    assert page.headers["cache-control"] == "no-cache"
    assert "default-src 'self'" in page.headers["content-security-policy"]
    assert "immutable" in asset.headers["cache-control"]
    assert asset.headers["content-type"].startswith("text/javascript")


@pytest.mark.parametrize(
    "path", ["/assets/../../secret", "/console/../../secret", "/assets/%2e%2e/%2e%2e/secret"]
)
async def test_nothing_outside_the_folder_is_served(built: Path, path: str) -> None:
    assert respond(built, "GET", path, dev=True).status_code in (200, 404)
    assert "secret" not in (await fetch(built, path)).text


async def test_a_missing_asset_is_not_the_page(built: Path) -> None:
    assert (await fetch(built, "/assets/gone.js")).status_code == 404
    assert respond(built, "GET", "/console/\0", dev=True).status_code == 200
    assert respond(built, "POST", "/console", dev=True).status_code == 405


def test_demo_pages_exist_in_development_only(built: Path) -> None:
    assert serves(built, dev=True)("/demo")
    assert not serves(built, dev=False)("/demo")
    assert serves(built, dev=False)("/docs")
    assert not serves(None, dev=False)("/docs")
    assert page_of("/demonstration") is None
    assert respond(built, "GET", "/", dev=False).headers["location"] == "/console"


@pytest.mark.parametrize(
    ("name", "kept"),
    [
        ("chorus.js", "max-age=300, stale-while-revalidate"),
        (f"panel.{HASH}.js", "immutable"),
        ("manifest.json", "no-cache"),
    ],
)
async def test_pages_anywhere_may_read_the_widget_for_as_long_as_its_name_says(
    built: Path, name: str, kept: str
) -> None:
    answer = await fetch(built, f"/widget/v1/{name}", dev=False)
    assert answer.status_code == 200
    assert kept in answer.headers["cache-control"]
    assert answer.headers["access-control-allow-origin"] == "*"
    assert answer.headers["cross-origin-resource-policy"] == "cross-origin"
    assert answer.headers["content-type"].startswith(
        "application/json" if name.endswith("json") else "text/javascript"
    )


async def test_a_part_that_is_gone_is_not_kept_as_such(built: Path) -> None:
    answer = await fetch(built, f"/widget/v1/gone.{HASH}.js")
    assert answer.status_code == 404
    assert "cache-control" not in answer.headers
    assert answer.headers["access-control-allow-origin"] == "*"


def test_the_config_of_the_widget_is_the_apis(built: Path) -> None:
    decide = serves(built, dev=False)
    assert decide("/widget/v1/chorus.js")
    assert not decide("/widget/v1/config")
    assert not decide("/widget/v1/../config.js")


async def test_the_demo_page_alone_can_be_had_with_a_strict_policy(built: Path) -> None:
    strict = (await fetch(built, "/demo?csp=strict")).headers["content-security-policy"]
    assert "default-src 'none'" in strict
    assert "script-src 'self' http://t/widget/v1/" in strict
    assert "connect-src 'self' http://t ws://t" in strict
    assert "unsafe" not in strict
    for path in ("/demo", "/console?csp=strict", "/demo?csp=strict&csp=none"):
        usual = (await fetch(built, path)).headers["content-security-policy"]
        assert "default-src 'self'" in usual


async def test_pictures_of_the_files_own_host_may_be_shown(built: Path) -> None:
    app = create_pages(built, dev=True, files_url="https://files.shop.test/here")
    transport = httpx.ASGITransport(app)
    async with httpx.AsyncClient(transport=transport, base_url="http://t") as client:
        for path in ("/console/inbox", "/demo?csp=strict"):
            policy = (await client.get(path)).headers["content-security-policy"]
            assert "img-src https://files.shop.test 'self'" in policy


async def test_a_host_that_is_none_writes_no_policy(built: Path) -> None:
    transport = httpx.ASGITransport(create_pages(built, dev=True))
    async with httpx.AsyncClient(transport=transport, base_url="http://t") as client:
        answer = await client.get("/demo?csp=strict", headers={"Host": "t; script-src *"})
    assert "script-src *" not in answer.headers["content-security-policy"]


async def test_a_hanging_start_is_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("launch.composite.STARTUP_TIMEOUT_S", 0.01)

    async def hangs(scope: Scope, receive: Receive, send: Send) -> None:
        message: Message = await receive()
        assert message["type"] == "lifespan.startup"
        await asyncio.Event().wait()

    with pytest.raises(LifespanFailed, match="no end of startup"):
        async with lifespan(hangs):
            pass
