"""Bad requests get a clear problem, change nothing and break nothing."""

import asyncio
from typing import Any

import pytest

from chorus.ids import uuid7
from tests.chat_service.api_world import Api, Tenant, message, open_api

pytestmark = pytest.mark.anyio

JSON = {"Content-Type": "application/json"}


async def test_every_error_is_a_problem_with_a_code_and_a_sentence(api: Api, acme: Tenant) -> None:
    headers = api.token(acme.principal("agent"))
    one = f"/livechat/conversations/{acme.conversation}"
    asked: list[tuple[tuple[str, str, dict[str, Any]], int, str]] = [
        (("GET", "/nowhere", {}), 404, "NOT_FOUND"),
        (("GET", "/livechat/conversations/", {}), 404, "NOT_FOUND"),
        (("GET", "/livechat/conversations/not-an-id", {}), 404, "NOT_FOUND"),
        (("GET", f"/livechat/conversations/{uuid7()}", {}), 404, "NOT_FOUND"),
        (("DELETE", one, {}), 405, "METHOD_NOT_ALLOWED"),
        (("PUT", "/auth/login", {}), 405, "METHOD_NOT_ALLOWED"),
        (("POST", f"{one}/messages", {"content": b"{}"}), 415, "UNSUPPORTED_MEDIA_TYPE"),
        (("POST", f"{one}/messages", _raw(b"{}", "text/plain")), 415, "UNSUPPORTED_MEDIA_TYPE"),
        (
            ("POST", f"{one}/messages", _raw(b"{}", "application/json; charset=utf-16")),
            415,
            "UNSUPPORTED_MEDIA_TYPE",
        ),
        (("POST", f"{one}/messages", _raw(b"{")), 400, "BAD_JSON"),
        (("POST", f"{one}/messages", _raw(b"\xff\xfe{}")), 400, "BAD_JSON"),
        (("POST", f"{one}/messages", _raw(b'{"content": NaN}')), 400, "BAD_JSON"),
        (("POST", f"{one}/messages", _raw(b'{"content": "\\ud800"}')), 400, "BAD_JSON"),
        (("POST", f"{one}/messages", _raw(b"[" * 60_000)), 400, "BAD_JSON"),
        (("POST", f"{one}/messages", _raw(b'{"a":' * 30 + b"1" + b"}" * 30)), 400, "BAD_JSON"),
        (("POST", f"{one}/messages", _raw(b"[]")), 422, "INVALID"),
        (("POST", f"{one}/messages", {"json": {}}), 422, "INVALID"),
        (("POST", f"{one}/messages", {"json": message(content=7)}), 422, "INVALID"),
        (("POST", f"{one}/messages", {"json": message(id="x")}), 422, "INVALID"),
        (("POST", f"{one}/messages", {"json": message(content="a\0b")}), 422, "INVALID"),
        (("POST", f"{one}/messages", {"json": message(content="")}), 422, "INVALID"),
        (("POST", f"{one}/messages", {"json": message(meta={"n": 2**64})}), 422, "INVALID"),
        (
            ("POST", f"{one}/commands", {"json": {"event": "x", "data": {"n": -(2**63) - 1}}}),
            422,
            "INVALID",
        ),
        (
            ("POST", "/livechat/conversations", {"json": {"attributes": {"n": 10**30}}}),
            422,
            "INVALID",
        ),
        (
            (
                "POST",
                f"{one}/messages",
                {"json": message(id="4b4f6a5e-0000-4000-8000-000000000000")},
            ),
            422,
            "INVALID",
        ),
        (("POST", f"{one}/messages", {"json": message(content="é" * 8193)}), 413, "TOO_LARGE"),
        (("POST", f"{one}/messages", {"json": message(meta={"k": "v" * 5000})}), 413, "TOO_LARGE"),
        (("POST", f"{one}/messages", _raw(b" " * (72 * 1024 + 1))), 413, "TOO_LARGE"),
        (("GET", f"{one}/messages", {"params": {"limit": 1001}}), 422, "INVALID"),
        (("GET", f"{one}/messages", {"params": {"after": -1}}), 422, "INVALID"),
        (("GET", f"{one}/messages?limit=1&limit=2", {}), 400, "INVALID"),
        (("GET", "/livechat/conversations?queue=%00", {}), 400, "INVALID"),
        (("GET", "/livechat/conversations?view=nope", {}), 422, "INVALID"),
        (("GET", "/livechat/conversations?status=nope", {}), 422, "INVALID"),
        (("GET", "/livechat/conversations?assignee=nope", {}), 422, "INVALID"),
    ]
    for (method, path, given_), status, code in asked:
        extra = given_.pop("headers", {})
        answer = await api.client.request(method, path, headers={**headers, **extra}, **given_)
        body = answer.json()
        assert (answer.status_code, body["code"]) == (status, code), (method, path, body)
        assert answer.headers["content-type"] == "application/problem+json"
        assert body["status"] == status
        assert body["detail"].endswith(".") or code == "INVALID"
        assert "Traceback" not in answer.text
    page = await api.client.get(f"{one}/messages", headers=headers)
    assert page.json()["items"] == []


async def test_content_of_sixteen_kib_is_taken(api: Api, acme: Tenant) -> None:
    answer = await api.client.post(
        f"/livechat/conversations/{acme.conversation}/messages",
        json=message(content="é" * 8192),
        headers=api.token(acme.principal("contact")),
    )
    assert answer.status_code == 201


async def test_a_body_without_an_honest_length_is_cut_off_all_the_same(api: Api) -> None:
    async def endless() -> Any:
        while True:
            yield b" " * 4096

    answer = await api.client.post("/auth/login", content=endless(), headers=JSON)
    assert (answer.status_code, answer.json()["code"]) == (413, "TOO_LARGE")


async def test_every_answer_carries_limits_and_safe_headers(api: Api, acme: Tenant) -> None:
    answer = await api.client.get(
        "/livechat/conversations", headers=api.token(acme.principal("agent"))
    )
    assert int(answer.headers["ratelimit-limit"]) == 400
    assert 0 <= int(answer.headers["ratelimit-remaining"]) < 400
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert answer.headers["cache-control"] == "no-store"


async def test_a_preflight_is_answered_for_known_pages_only(api: Api, acme: Tenant) -> None:
    asked = {"Access-Control-Request-Method": "POST"}
    known = await api.client.options(
        "/livechat/visitors", headers={**asked, "Origin": "http://localhost:1234"}
    )
    strange = await api.client.options(
        "/livechat/visitors", headers={**asked, "Origin": "https://evil.example"}
    )
    assert known.status_code == strange.status_code == 204
    assert known.headers["access-control-allow-origin"] == "http://localhost:1234"
    assert "Authorization" in known.headers["access-control-allow-headers"]
    assert "access-control-allow-origin" not in strange.headers
    assert "access-control-allow-credentials" not in known.headers


async def test_readiness_can_wait_for_a_writer_on_every_partition(
    api_database_url: str, redis_url: str
) -> None:
    settings = {"ready_needs": "postgres,writer"}
    async with open_api(api_database_url, redis_url, **settings) as api:

        async def status_until(wanted: int) -> dict[str, Any]:
            async with asyncio.timeout(10):
                while True:
                    answer = await api.client.get("/readyz")
                    body: dict[str, Any] = answer.json()
                    if answer.status_code == wanted and body["dependencies"]["postgres"] == "up":
                        return body

        assert (await status_until(503))["dependencies"]["writer"] == "waiting"
        await api.rows(
            "UPDATE ingest_partitions SET owner = 'w', lease_until = now() + interval '1 hour'"
        )
        assert (await status_until(200))["dependencies"]["writer"] == "up"
        await api.rows("UPDATE ingest_partitions SET owner = NULL, lease_until = NULL")


async def test_health_readiness_metrics_and_documents_are_served(api: Api) -> None:
    assert (await api.client.get("/healthz")).text == "ok\n"
    ready = await api.client.get("/readyz")
    assert ready.json()["dependencies"].keys() == {"postgres", "redis"}
    metrics = await api.client.get("/metrics")
    assert "http_requests_total" in metrics.text
    assert "/healthz" in metrics.text
    docs = await api.client.get("/docs")
    assert "/livechat/visitors" in docs.text
    assert (await api.client.get("/docs/../../etc/passwd")).status_code == 404
    keys = (await api.client.get("/.well-known/jwks.json")).json()["keys"]
    assert keys
    assert all("d" not in key for key in keys)
    assert (await api.client.get("/openapi.json")).json()["openapi"].startswith("3.1")


def _raw(body: bytes, kind: str = "application/json") -> dict[str, Any]:
    return {"content": body, "headers": {"Content-Type": kind}}


async def test_without_redis_messages_and_commands_are_still_taken(
    api_database_url: str, acme: Tenant
) -> None:
    async with open_api(api_database_url, "redis://127.0.0.1:1/0") as api:
        headers = api.token(acme.principal("contact"))
        one = f"/livechat/conversations/{acme.conversation}"
        told = await api.client.post(f"{one}/messages", json=message(), headers=headers)
        edit = {"id": str(uuid7()), "target": told.json()["id"], "content": "better"}
        changed = await api.client.post(
            f"{one}/commands", json={"event": "edit", "data": edit}, headers=headers
        )
        ready = await api.client.get("/readyz")
    assert (told.status_code, changed.status_code) == (201, 200)
    assert ready.status_code == 503
