"""`docs/asyncapi.json`: the sockets as AsyncAPI 3.0, for generators and viewers that read it."""

import json
from typing import Any

from chorus.wire.common import BEARER_PREFIX, PROTOCOL
from tools.wire_model import Frame, client_frames, server_frames

Part = dict[str, Any]
CHANNELS = {
    "conversation": ("/ws/v1/conversations/{conversationId}", "One conversation."),
    "inbox": ("/ws/v1/inbox", "An agent's inbox, and the conversations they subscribe to."),
}


def asyncapi() -> str:
    """The whole file. Payloads are those of `wire.schema.json`, which stands beside it."""
    sent, heard = client_frames(), server_frames()
    document = {
        "asyncapi": "3.0.0",
        "info": {
            "title": PROTOCOL,
            "version": PROTOCOL.rpartition(".v")[2],
            "description": "Written by `make gen`. Which frames fit which socket is told in protocol.md.",
        },
        "defaultContentType": "application/json",
        "channels": {name: _channel(name, [*sent, *heard]) for name in CHANNELS},
        "operations": {
            f"{verb}_{name}": _operation(name, action, frames)
            for name in CHANNELS
            # The document describes the server: it receives what clients send.
            for verb, action, frames in (("hear", "receive", sent), ("say", "send", heard))
        },
        "components": {"messages": {frame.name: _message(frame) for frame in [*sent, *heard]}},
    }
    return json.dumps(document, indent=2, ensure_ascii=False) + "\n"


def _channel(name: str, frames: list[Frame]) -> Part:
    address, summary = CHANNELS[name]
    parameters = {"conversationId": {"description": "A UUID."}} if "{" in address else {}
    offered = f"{PROTOCOL}, and {BEARER_PREFIX}<token> or an `auth` frame"
    return {
        "address": address,
        "description": f"{summary} Subprotocols to offer: {offered}.",
        "parameters": parameters,
        "messages": {
            frame.name: {"$ref": f"#/components/messages/{frame.name}"} for frame in frames
        },
    }


def _operation(channel: str, action: str, frames: list[Frame]) -> Part:
    return {
        "action": action,
        "channel": {"$ref": f"#/channels/{channel}"},
        "messages": [{"$ref": f"#/channels/{channel}/messages/{frame.name}"} for frame in frames],
    }


def _message(frame: Frame) -> Part:
    durable = " Durable: it has a seq." if frame.durable else ""
    return {
        "name": frame.event,
        "summary": frame.doc + durable,
        "payload": {"$ref": f"./wire.schema.json#/$defs/{frame.name}"},
    }
