"""The stub's models as Anthropic and Ollama are spoken to: `model_stub(anthropic_wire, ollama_wire)`.

Behaviours are those of `model_stub`; what is streamed comes word by word, with what it took where
each of them says it: at both ends, or at the end.
"""

import asyncio
import json
from collections.abc import AsyncIterator, Iterator
from typing import Any, Final

from starlette.requests import Request
from starlette.responses import JSONResponse, Response, StreamingResponse
from starlette.routing import Route

from tests.support.model_stub import Asked, ModelStub, instead_of, said_by

NDJSON: Final = "application/x-ndjson"


def base_url(stub: ModelStub, provider: str) -> str:
    """Where a client of this provider finds the stub."""
    return stub.url if provider == "openai" else stub.url.removesuffix("/v1")


def anthropic_wire(stub: ModelStub) -> list[Route]:
    async def messages(request: Request) -> Response:
        asked, instead = await _asked(stub, request)
        if instead is not None:
            return instead
        said = said_by(stub, asked)
        tool = _forced(asked)
        if asked.body.get("stream"):
            events = _anthropic_events(stub, asked, said, tool)
            return StreamingResponse(events, media_type="text/event-stream")
        block = {"type": "text", "text": said}
        if tool:
            block = {"type": "tool_use", "id": "call_1", "name": tool, "input": json.loads(said)}
        read, written = stub.tokens
        told = _anthropic_message(asked) | {"content": [block], "stop_reason": "end_turn"}
        return JSONResponse(told | {"usage": {"input_tokens": read, "output_tokens": written}})

    return [Route("/v1/messages", messages, methods=["POST"])]


def ollama_wire(stub: ModelStub) -> list[Route]:
    async def chat(request: Request) -> Response:
        asked, instead = await _asked(stub, request)
        if instead is not None:
            return instead
        lines = _ollama_lines(stub, asked, said_by(stub, asked))
        # Its client streams whether anybody wants to hear it or not.
        assert asked.body.get("stream", True)
        return StreamingResponse(lines, media_type=NDJSON)

    return [Route("/api/chat", chat, methods=["POST"])]


async def _asked(stub: ModelStub, request: Request) -> tuple[Asked, Response | None]:
    body = await request.json()
    asked = Asked(request.url.path, body["model"], body, dict(request.headers))
    stub.note(asked)
    return asked, await instead_of(stub, asked)


def _forced(asked: Asked) -> str:
    """The tool that has to be called; empty: none has to."""
    chosen = asked.body.get("tool_choice") or {}
    return str(chosen["name"]) if chosen.get("type") == "tool" else ""


def _words(said: str) -> Iterator[str]:
    for place, word in enumerate(said.split(" ")):
        yield word if place == 0 else f" {word}"


async def _breaking_off(asked: Asked, place: int, count: int) -> None:
    await asyncio.sleep(0)
    if asked.model == "cutstream" and place >= count / 2:
        raise asyncio.CancelledError


def _anthropic_message(asked: Asked) -> dict[str, Any]:
    return {
        "id": "msg_1",
        "type": "message",
        "role": "assistant",
        "model": asked.model,
        "content": [],
        "stop_reason": None,
        "stop_sequence": None,
    }


async def _anthropic_events(
    stub: ModelStub, asked: Asked, said: str, tool: str
) -> AsyncIterator[bytes]:
    read, written = stub.tokens
    begun = _anthropic_message(asked) | {"usage": {"input_tokens": read, "output_tokens": 1}}
    yield _event("message_start", message=begun)
    block: dict[str, Any] = {"type": "text", "text": ""}
    if tool:
        block = {"type": "tool_use", "id": "call_1", "name": tool, "input": {}}
    yield _event("content_block_start", index=0, content_block=block)
    words = list(_words(said))
    for place, word in enumerate(words):
        await _breaking_off(asked, place, len(words))
        delta = {"type": "text_delta", "text": word}
        if tool:
            delta = {"type": "input_json_delta", "partial_json": word}
        yield _event("content_block_delta", index=0, delta=delta)
    yield _event("content_block_stop", index=0)
    ended = {"stop_reason": "end_turn", "stop_sequence": None}
    usage = {"input_tokens": read, "output_tokens": written}
    if asked.model == "no_usage":
        # As servers do that speak an older Anthropic.
        del usage["input_tokens"]
    yield _event("message_delta", delta=ended, usage=usage)
    yield _event("message_stop")


def _event(kind: str, **data: Any) -> bytes:
    return f"event: {kind}\ndata: {json.dumps({'type': kind, **data})}\n\n".encode()


async def _ollama_lines(stub: ModelStub, asked: Asked, said: str) -> AsyncIterator[bytes]:
    read, written = stub.tokens
    tools = asked.body.get("tools")
    if tools:
        # It gives the call of a tool in one piece.
        call = {"function": {"name": tools[0]["function"]["name"], "arguments": json.loads(said)}}
        yield _line(asked, {"role": "assistant", "content": "", "tool_calls": [call]})
    words = [] if tools else list(_words(said))
    for place, word in enumerate(words):
        await _breaking_off(asked, place, len(words))
        yield _line(asked, {"role": "assistant", "content": word})
    counts = {"prompt_eval_count": read, "eval_count": written}
    ended = {"done": True, "done_reason": "stop", **counts}
    yield _line(asked, {"role": "assistant", "content": ""}, **ended)


def _line(asked: Asked, message: dict[str, Any], **ended: Any) -> bytes:
    told = {"model": asked.model, "created_at": "2026-11-21T00:00:00Z", "done": False}
    return json.dumps(told | {"message": message} | ended).encode() + b"\n"
