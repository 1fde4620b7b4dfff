"""Knowledge over REST: sources are brought, changed and taken away; each says where it stands."""

from typing import Annotated, Any, Final
from uuid import UUID

import orjson
from fastapi import Path, Response

from chat_service import knowledge, knowledge_trial
from chat_service.routes.admin_parts import ADMIN, READ, Asked, By, listed
from chat_service.routes.guard import Route, Who, With
from chat_service.routes.knowledge_shapes import (
    NewSource,
    SourceAnswer,
    SourceChange,
    SourceList,
    Trial,
    TrialAnswer,
)
from chat_service.store.knowledge import SourceCard
from chorus.clock import rfc3339
from chorus.web import json_response
from chorus.wire.asks import Piece

SourceId = Annotated[UUID, Path(alias="sourceId")]
PATH: Final = "/admin/knowledge"
BODY_BYTES_MAX: Final = 1_500_000
"""Of a body here: a million characters, most of them ASCII, and what JSON adds."""


async def sources(resources: With, who: Who, asked: Asked) -> Response:
    """In order of name, without what is in them."""
    page = await knowledge.read_page(resources.db, who, asked)
    return listed(page, _listed)


async def source_shown(source_id: SourceId, resources: With, who: Who) -> Response:
    return json_response(_shown(await knowledge.read_one(resources.db, who, source_id)))


async def source_made(body: NewSource, resources: With, by: By) -> Response:
    """It is indexed a moment later: `state` goes from `queued` to `ready`, or to `failed` with a
    sentence in `note`. 409 `NAME_TAKEN`.
    """
    made = await knowledge.create(resources.commands, by, _chosen(body))
    return json_response(_shown(made), 201)


async def source_changed(
    source_id: SourceId, body: SourceChange, resources: With, by: By
) -> Response:
    """What is left out stays. Until the new version is indexed, the old one is found."""
    found = await knowledge.change(resources.commands, by, source_id, _chosen(body))
    return json_response(_shown(found))


async def source_indexed_again(source_id: SourceId, resources: With, by: By) -> Response:
    """As a new version of the same words: what is found now is found until then."""
    return json_response(_shown(await knowledge.index_again(resources.commands, by, source_id)))


async def source_removed(source_id: SourceId, resources: With, by: By) -> Response:
    await knowledge.remove(resources.commands, by, source_id)
    return Response(status_code=204)


async def tried(body: Trial, resources: With, who: Who) -> Response:
    """What the bot would find for a question. 503 `UNAVAILABLE` with a sentence when nobody who has
    the index answers in time.
    """
    found = await knowledge_trial.ask(resources.db, resources.asking, who, body.question)
    sure = found.confidence if found.pieces else 0.0
    return json_response({"confidence": sure, "items": [*map(_found, found.pieces)]})


def _found(piece: Piece) -> dict[str, Any]:
    return {
        "id": piece.id,
        "sourceId": piece.source_id,
        "title": piece.title,
        "text": piece.text,
        "score": piece.score,
    }


def _chosen(body: SourceChange) -> dict[str, Any]:
    chosen = body.model_dump(exclude_unset=True, exclude={"pairs", "format"})
    if "format" in body.model_fields_set:
        chosen["kind"] = body.format
    if "pairs" in body.model_fields_set:
        pairs = [{"question": one.question, "answer": one.answer} for one in body.pairs]
        chosen |= {"kind": "qa", "content": orjson.dumps(pairs).decode()}
    return chosen


def _listed(card: SourceCard) -> dict[str, Any]:
    return {
        "id": card.id,
        "name": card.name,
        "kind": card.kind,
        "trust": card.trust,
        "language": card.language,
        "state": card.state,
        "note": card.note,
        "version": card.version,
        "chunks": card.chunks,
        "heldBack": card.held_back,
        "sizeBytes": card.size_bytes,
        "createdAt": rfc3339(card.created_at),
        "updatedAt": rfc3339(card.updated_at),
        "indexedAt": None if card.indexed_at is None else rfc3339(card.indexed_at),
    }


def _shown(card: SourceCard) -> dict[str, Any]:
    pairs = orjson.loads(card.content or b"[]") if card.kind == "qa" else None
    content = card.content if pairs is None else None
    return {**_listed(card), "content": content, "pairs": pairs}


_ALL, _ONE = f"{PATH}/sources", f"{PATH}/sources/{{sourceId}}"

ROUTES = (
    Route("GET", _ALL, sources, READ, "List sources of knowledge", SourceList),
    Route("POST", _ALL, source_made, ADMIN, "Bring knowledge", SourceAnswer, status=201),
    Route("GET", _ONE, source_shown, READ, "A source of knowledge", SourceAnswer),
    Route("PATCH", _ONE, source_changed, ADMIN, "Bring it otherwise", SourceAnswer),
    Route("POST", f"{_ONE}/reindex", source_indexed_again, ADMIN, "Index it again", SourceAnswer),
    Route("POST", f"{PATH}/ask", tried, ADMIN, "Try knowledge out", TrialAnswer),
    Route("DELETE", _ONE, source_removed, ADMIN, "Take knowledge away", status=204),
)
