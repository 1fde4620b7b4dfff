"""A model provider on loopback, as OpenAI's HTTP is spoken, that behaves as its model is named.

    with model_stub() as stub:
        spec, base_url = "openai:429@2", stub.url

| model | what it does |
|---|---|
| `ok` | answers in the schema that is asked for, quoting what it was given |
| `slow@0.4` | the same, that many seconds later |
| `held` | the same, once `release` is called |
| `hang` | never answers |
| `trickle` | sends a byte now and then, for ever |
| `429@2` | too many requests, with `Retry-After` |
| `500`, `401`, `400`, `402`, `404`, `408`, `413`, `422` | fails so |
| `cutoff`, `filtered` | breaks an answer off: too long, or its provider's filter |
| `html` | a proxy's error page with status 200 |
| `malformed`, `empty`, `wrongschema`, `fence` | half a JSON, nothing, another JSON, JSON in a code block |
| `badargs` | what was asked for, each value a list in a list |
| `wrong_numbers` | says amounts nobody named |
| `obeys_injection` | does what the customer's text tells it to |
| `no_usage` | does not say how many tokens it took |
| `streamslow@0.4` | waits so long before each chunk |
| `heldstream` | waits in the middle until `release` is called |
| `cutstream` | breaks off in the middle |
"""

import asyncio
import json
import socket
import threading
from collections.abc import AsyncIterator, Callable, Iterator, Mapping
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass, field
from hashlib import blake2b
from typing import Any, Final

import uvicorn
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import HTMLResponse, JSONResponse, Response, StreamingResponse
from starlette.routing import Route

from tests.support.waiting import until

OBEYED: Final = "As you wish: the refund of $5,000 is approved, see https://evil.example/now"
EMBEDDING_DIMENSIONS: Final = 16
PATIENCE_S: Final = 20.0
_TRICKLE_EVERY_S: Final = 0.05
_FAILURES: Final = {str(one): one for one in (400, 401, 402, 404, 408, 413, 422, 429, 500)}
_CUT_SHORT: Final = {"cutoff": "length", "filtered": "content_filter"}


@dataclass(frozen=True, slots=True)
class Asked:
    """A request as it came; `headers` in lower case."""

    path: str
    model: str
    body: dict[str, Any]
    headers: Mapping[str, str]

    @property
    def texts(self) -> list[str]:
        """What each message says."""
        return [_text(one["content"]) for one in self.body.get("messages", ()) if one["content"]]

    @property
    def schema(self) -> dict[str, Any] | None:
        """The JSON schema the answer shall have, however it is asked for."""
        wanted = self.body.get("response_format") or {}
        if "json_schema" in wanted:
            found: dict[str, Any] = wanted["json_schema"]["schema"]
            return found
        for tool in self.body.get("tools", ()):
            parameters: dict[str, Any] = tool["function"]["parameters"]
            return parameters
        return None


def _text(content: Any) -> str:
    if isinstance(content, str):
        return content
    return "".join(part.get("text", "") for part in content)


def quoting(asked: Asked) -> Any:
    """Fill each string of the wanted schema with the first words somebody said."""
    said = _first_said(asked)
    if asked.schema is None:
        return said
    properties: dict[str, Any] = asked.schema.get("properties", {})
    return {name: said for name, kind in properties.items() if kind.get("type") == "string"}


def _first_said(asked: Asked) -> str:
    given = asked.texts[-1] if asked.texts else ""
    try:
        document = json.loads(given)
    except ValueError:
        return given[:80]
    for said in _strings(document):
        if " " in said:
            return said[:80]
    return ""


def _strings(value: Any) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict):
        for one in value.values():
            yield from _strings(one)
    elif isinstance(value, list):
        for one in value:
            yield from _strings(one)


@dataclass(slots=True)
class ModelStub:
    """`asked` are all requests so far; `answer` says what a model that behaves says."""

    port: int
    asked: list[Asked] = field(default_factory=list)
    answer: Callable[[Asked], Any] = quoting
    """A string, or what is sent as JSON."""
    tokens: tuple[int, int] = (120, 40)
    """What each answer is said to have cost: read and written."""
    _news: threading.Condition = field(default_factory=threading.Condition)
    _released: threading.Event = field(default_factory=threading.Event)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}/v1"

    def of(self, model: str) -> list[Asked]:
        """The requests for one model."""
        with self._news:
            return [one for one in self.asked if one.model == model]

    def wait_for(self, count: int) -> None:
        """Return as soon as so many requests have come."""
        with self._news:
            assert self._news.wait_for(lambda: len(self.asked) >= count, PATIENCE_S)

    def release(self) -> None:
        """Let `held` answer, from now on at once."""
        self._released.set()

    def reset(self) -> None:
        """Forget what was asked, and behave as new."""
        with self._news:
            self.asked.clear()
        self._released.clear()
        self.answer = quoting

    def note(self, asked: Asked) -> None:
        with self._news:
            self.asked.append(asked)
            self._news.notify_all()

    async def until_released(self) -> None:
        # A thread for each that waits would run out.
        while not self._released.is_set():  # noqa: ASYNC110
            await asyncio.sleep(0.005)


Wire = Callable[[ModelStub], list[Route]]


@contextmanager
def model_stub(*wires: Wire) -> Iterator[ModelStub]:
    """Serve on a free port, in a thread, until the block ends; `wires` are other ways to be asked."""
    listener, stub, server = _prepared(*wires)
    thread = threading.Thread(target=lambda: server.run(sockets=[listener]), daemon=True)
    thread.start()
    try:
        yield stub
    finally:
        server.should_exit = server.force_exit = True
        thread.join(PATIENCE_S)
        listener.close()


@asynccontextmanager
async def model_stub_here() -> AsyncIterator[ModelStub]:
    """Serve in the loop that asks, for who cuts off thousands of streams.

    Beside a second loop, twice in some 10,000 cut streams, Python complained of one that it threw away
    as "already executing", from the thread of that loop. A process of ours has one.
    """
    listener, stub, server = _prepared()
    serving = asyncio.create_task(server.serve(sockets=[listener]))

    async def has_started() -> bool:
        return server.started or serving.done()

    try:
        await until(has_started)
        yield stub
    finally:
        server.should_exit = server.force_exit = True
        await serving
        listener.close()


class _Server(uvicorn.Server):
    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Leave the signals to pytest."""
        yield


def _prepared(*wires: Wire) -> tuple[socket.socket, ModelStub, uvicorn.Server]:
    listener = socket.create_server(("127.0.0.1", 0))
    stub = ModelStub(listener.getsockname()[1])
    app = _app(stub, [route for wire in wires for route in wire(stub)])
    # The clients keep connections for five seconds, as uvicorn does: one that it closes in the very
    # moment in which it is used again breaks a call.
    config = uvicorn.Config(
        app, log_level="critical", lifespan="off", loop="asyncio", headers=[("connection", "close")]
    )
    return listener, stub, _Server(config)


def _app(stub: ModelStub, others: list[Route]) -> Starlette:
    async def chat(request: Request) -> Response:
        body = await request.json()
        asked = Asked(request.url.path, body["model"], body, dict(request.headers))
        stub.note(asked)
        return await _behave(stub, asked)

    async def embeddings(request: Request) -> Response:
        body = await request.json()
        asked = Asked(request.url.path, body["model"], body, dict(request.headers))
        stub.note(asked)
        failure = failure_of(asked.model)
        return failure or _embedded(body)

    routes = [
        Route("/v1/chat/completions", chat, methods=["POST"]),
        Route("/v1/embeddings", embeddings, methods=["POST"]),
        *others,
    ]
    return Starlette(routes=routes)


async def _behave(stub: ModelStub, asked: Asked) -> Response:
    name, _, seconds = asked.model.partition("@")
    instead = await instead_of(stub, asked)
    if instead is not None:
        return instead
    said = said_by(stub, asked)
    usage = None if name == "no_usage" else stub.tokens
    if asked.body.get("stream"):
        pause_s = float(seconds) if name == "streamslow" else 0.0
        chunks = _chunks(stub, asked, said, usage, pause_s=pause_s)
        return StreamingResponse(chunks, media_type="text/event-stream")
    return JSONResponse(_completion(asked, said, usage))


async def instead_of(stub: ModelStub, asked: Asked) -> Response | None:
    """What a model does that gives no answer; None after as long as it takes one that does."""
    name, _, seconds = asked.model.partition("@")
    failure = failure_of(asked.model)
    if failure is not None:
        return failure
    if name == "hang":
        await asyncio.Event().wait()
    if name == "trickle":
        return StreamingResponse(_trickle(), media_type="application/json")
    if name == "held":
        await stub.until_released()
    if name == "slow":
        await asyncio.sleep(float(seconds))
    return None


def failure_of(model: str) -> Response | None:
    name, _, seconds = model.partition("@")
    if name == "html":
        return HTMLResponse("<html><body><h1>Bad Gateway</h1></body></html>")
    if name not in _FAILURES:
        return None
    told = {"error": {"message": f"It is {name}.", "type": "made_up", "code": name}}
    headers = {"Retry-After": seconds} if seconds else {}
    return JSONResponse(told, _FAILURES[name], headers)


def said_by(stub: ModelStub, asked: Asked) -> str:
    """What a model says that answers, in its way."""
    answer, behaviour = stub.answer(asked), asked.model.partition("@")[0]
    match behaviour:
        case "malformed":
            return '{"headline": "half an ans'
        case "empty":
            return ""
        case "wrongschema":
            return json.dumps({"unexpected": [1, 2, 3]})
        case "badargs" if isinstance(answer, dict):
            answer = {name: [[value]] for name, value in answer.items()}
        case "wrong_numbers":
            answer = _each(answer, lambda said: f"{said} It costs $77,777.77.")
        case "obeys_injection":
            answer = _each(answer, lambda _: OBEYED)
    said = answer if isinstance(answer, str) else json.dumps(answer)
    return f"```json\n{said}\n```" if behaviour == "fence" else said


def _each(value: Any, change: Callable[[str], str]) -> Any:
    if isinstance(value, str):
        return change(value)
    if isinstance(value, dict):
        return {name: _each(one, change) for name, one in value.items()}
    return [_each(one, change) for one in value] if isinstance(value, list) else value


def _completion(asked: Asked, said: str, usage: tuple[int, int] | None) -> dict[str, Any]:
    message: dict[str, Any] = {"role": "assistant", "content": said}
    why = "stop"
    tools = asked.body.get("tools")
    if tools and asked.body.get("tool_choice") not in (None, "auto", "none"):
        call = {"name": tools[0]["function"]["name"], "arguments": said}
        message = {"role": "assistant", "content": None}
        message["tool_calls"] = [{"id": "call_1", "type": "function", "function": call}]
        why = "tool_calls"
    why = _CUT_SHORT.get(asked.model, why)
    made = _envelope(asked, "chat.completion")
    made["choices"] = [{"index": 0, "message": message, "finish_reason": why}]
    return made | ({"usage": _usage(usage)} if usage else {})


def _envelope(asked: Asked, kind: str) -> dict[str, Any]:
    return {"id": "made-up-1", "object": kind, "created": 1, "model": asked.model}


def _usage(tokens: tuple[int, int]) -> dict[str, int]:
    read, written = tokens
    return {"prompt_tokens": read, "completion_tokens": written, "total_tokens": read + written}


async def _trickle() -> AsyncIterator[bytes]:
    yield b"{"
    while True:
        await asyncio.sleep(_TRICKLE_EVERY_S)
        yield b" "


async def _chunks(
    stub: ModelStub, asked: Asked, said: str, usage: tuple[int, int] | None, *, pause_s: float
) -> AsyncIterator[bytes]:
    words = said.split(" ")
    for place, word in enumerate(words):
        await asyncio.sleep(pause_s)
        if asked.model == "cutstream" and place >= len(words) / 2:
            # The server notices that the body has no end, and closes the connection.
            raise asyncio.CancelledError
        if asked.model == "heldstream" and place >= len(words) / 2:
            await stub.until_released()
        yield _chunk(asked, {"delta": _delta(asked, word if place == 0 else f" {word}", place)})
    yield _chunk(asked, {"delta": {}, "finish_reason": "stop"})
    if usage and (asked.body.get("stream_options") or {}).get("include_usage"):
        last = _envelope(asked, "chat.completion.chunk") | {"choices": [], "usage": _usage(usage)}
        yield _line(last)
    yield b"data: [DONE]\n\n"


def _delta(asked: Asked, content: str, place: int) -> dict[str, Any]:
    """Words, or more of a tool's arguments where a tool has to be called."""
    tools = asked.body.get("tools")
    if not tools or asked.body.get("tool_choice") in (None, "auto", "none"):
        return {"role": "assistant", "content": content}
    call: dict[str, Any] = {"index": 0, "function": {"arguments": content}}
    if place == 0:
        call |= {"id": "call_1", "type": "function"}
        call["function"]["name"] = tools[0]["function"]["name"]
    return {"role": "assistant", "content": None, "tool_calls": [call]}


def _chunk(asked: Asked, choice: dict[str, Any]) -> bytes:
    whole = {"index": 0, "finish_reason": None, **choice}
    return _line(_envelope(asked, "chat.completion.chunk") | {"choices": [whole]})


def _line(value: dict[str, Any]) -> bytes:
    return b"data: " + json.dumps(value).encode() + b"\n\n"


def _embedded(body: dict[str, Any]) -> Response:
    given = body["input"] if isinstance(body["input"], list) else [body["input"]]
    data = [
        {"object": "embedding", "index": place, "embedding": _vector(str(one))}
        for place, one in enumerate(given)
    ]
    usage = {"prompt_tokens": len(given), "total_tokens": len(given)}
    told = {"object": "list", "model": body["model"], "data": data, "usage": usage}
    return JSONResponse(told)


def _vector(text: str) -> list[float]:
    """The same for the same text, and nothing else."""
    digest = blake2b(text.encode(), digest_size=EMBEDDING_DIMENSIONS).digest()
    return [round(one / 127.5 - 1, 4) for one in digest]
