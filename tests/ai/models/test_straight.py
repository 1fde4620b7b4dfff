"""What is told to a model of our own goes there, and not to the proxy that the environment names."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from starlette.requests import Request
from starlette.responses import JSONResponse, RedirectResponse, Response
from starlette.routing import Route

from ai.models.embeddings import Clients, make_embeddings
from ai.models.keys import Keys
from ai.models.make import ask, make_chat_model
from ai.models.plan import Choice
from ai.summarise.lines import Lines
from chorus.ids import uuid7
from tests.ai.models.asking import SECRET
from tests.ai.models.test_wires import ASKED, SAYS, closed
from tests.support.model_stub import EMBEDDING_DIMENSIONS, Asked, ModelStub, model_stub
from tests.support.model_wires import anthropic_wire, base_url, ollama_wire

pytestmark = pytest.mark.anyio
KEYS = Keys({"STUB_API_KEY": SECRET}, Path("/nowhere"))


def ollama_vectors(stub: ModelStub) -> list[Route]:
    async def embed(request: Request) -> Response:
        body = await request.json()
        stub.note(Asked(request.url.path, body["model"], body, {}))
        return JSONResponse({"embeddings": [[1.0] * EMBEDDING_DIMENSIONS for _ in body["input"]]})

    return [Route("/api/embed", embed, methods=["POST"])]


@pytest.fixture(scope="module")
def servers() -> Iterator[tuple[ModelStub, ModelStub]]:
    """A server of ours and a proxy, which answers in its place."""
    with (
        model_stub(anthropic_wire, ollama_wire, ollama_vectors) as ours,
        model_stub(anthropic_wire, ollama_wire, ollama_vectors) as proxy,
    ):
        yield ours, proxy


@pytest.fixture
def ours(servers: tuple[ModelStub, ModelStub]) -> ModelStub:
    servers[0].reset()
    servers[0].answer = lambda _: SAYS.model_dump()
    return servers[0]


@pytest.fixture
def proxy(servers: tuple[ModelStub, ModelStub], monkeypatch: pytest.MonkeyPatch) -> ModelStub:
    found = servers[1]
    found.reset()
    found.answer = lambda _: SAYS.model_dump()
    url = f"http://127.0.0.1:{found.port}"
    for name in ("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY"):
        monkeypatch.setenv(name, url)
        monkeypatch.setenv(name.lower(), url)
    for name in ("NO_PROXY", "no_proxy"):
        monkeypatch.delenv(name, raising=False)
    return found


def chat_choice(provider: str, url: str) -> Choice:
    return Choice(spec=f"{provider}:ok", base_url=url, key="env:STUB_API_KEY")


async def asked(choice: Choice) -> None:
    model: Any = make_chat_model(choice, KEYS, max_tokens=77)
    try:
        spoken = await ask(model, ASKED, Lines, method="json_schema")
    finally:
        await closed(model)
    assert spoken.value == SAYS


@pytest.mark.parametrize("provider", ["openai", "anthropic", "ollama"])
async def test_no_proxy_hears_what_a_model_of_our_own_is_told(
    ours: ModelStub, proxy: ModelStub, monkeypatch: pytest.MonkeyPatch, provider: str
) -> None:
    for name in ("OPENAI_PROXY", "ANTHROPIC_PROXY"):
        monkeypatch.setenv(name, f"http://127.0.0.1:{proxy.port}")
    await asked(chat_choice(provider, base_url(ours, provider)))
    assert (len(ours.asked), proxy.asked) == (1, [])


@pytest.mark.parametrize("provider", ["openai", "anthropic", "ollama"])
async def test_to_models_elsewhere_the_proxy_is_the_way(
    ours: ModelStub, proxy: ModelStub, provider: str
) -> None:
    suffix = "/v1" if provider == "openai" else ""
    # A host of its own: LangChain keeps a client for each, with the proxy that it was made by.
    await asked(chat_choice(provider, f"http://{uuid7().hex}.example.test{suffix}"))
    assert (ours.asked, len(proxy.asked)) == ([], 1)


@pytest.mark.parametrize("provider", ["openai", "ollama"])
async def test_no_proxy_hears_what_is_embedded_here(
    ours: ModelStub, proxy: ModelStub, monkeypatch: pytest.MonkeyPatch, provider: str
) -> None:
    monkeypatch.setenv("OPENAI_PROXY", f"http://127.0.0.1:{proxy.port}")
    clients = Clients(KEYS, "")
    client = clients.of(Choice(spec=f"{provider}:ok", base_url=base_url(ours, provider)))
    (vector,) = await client.aembed_documents(["How long?"])
    assert len(vector) == EMBEDDING_DIMENSIONS
    assert (len(ours.asked), proxy.asked) == (1, [])
    await clients.aclose()
    if provider == "ollama":
        await client._async_client.close()


async def test_who_closes_embeddings_closes_their_connections(
    ours: ModelStub, proxy: ModelStub
) -> None:
    clients = Clients(KEYS, "")
    first, second = (
        clients.of(Choice(spec="openai:ok", base_url=ours.url, rpm=rpm)) for rpm in (1, 2)
    )
    await clients.aclose()
    assert first.http_async_client.is_closed and second.http_async_client.is_closed
    another = make_embeddings("openai:ok", ours.url, None)
    assert len(await another.aembed_documents(["How long?"])) == 1
    await another.async_client.aclose()


async def test_a_server_of_ours_cannot_send_what_it_was_told_elsewhere(
    proxy: ModelStub,
) -> None:
    def away(_stub: ModelStub) -> list[Route]:
        async def moved(request: Request) -> Response:
            return RedirectResponse(f"{proxy.url}/chat/completions")

        return [Route("/away/chat/completions", moved, methods=["POST"])]

    with model_stub(away) as ours:
        url = f"http://127.0.0.1:{ours.port}/away"
        with pytest.raises(Exception, match="307"):
            await asked(chat_choice("openai", url))
    assert proxy.asked == []
