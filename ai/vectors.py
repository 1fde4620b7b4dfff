"""Chroma, spoken to over its HTTP API (v2): the only module that knows it. See ADR-0032.

It has no authentication, and whoever knows a collection's id reads it through any tenant's address.
So what keeps tenants apart is here: a database each, collections looked up by name inside of it, ids
never taken from anybody, the tenant in each row and each `where`, and foreign hits dropped.
"""

import base64
import logging
from array import array
from collections import OrderedDict
from collections.abc import AsyncIterator, Iterator, Mapping, Sequence
from contextlib import asynccontextmanager, contextmanager
from typing import Any, Final
from urllib.parse import quote
from uuid import UUID

import httpx

from ai.knowledge.embed import Vector
from ai.knowledge.index import NOTHING_PUT, Entry, IndexAway, Space
from ai.knowledge.passages import Article, Candidate, Chunk
from chorus import metrics
from chorus.log import get_logger

log = get_logger(__name__)

TIMEOUT_S: Final = 5.0
COLLECTIONS_KEPT: Final = 256
_TENANT: Final = "default_tenant"
_PAGE: Final = 100
_ALREADY_THERE: Final = 409
_NOT_THERE: Final = 404


class Chroma:
    """A `KnowledgeIndex` on a Chroma server."""

    def __init__(self, client: httpx.AsyncClient) -> None:
        self._client = client
        self._collections: OrderedDict[tuple[UUID, Space], str] = OrderedDict()

    async def put(self, tenant_id: UUID, space: Space, entries: Sequence[Entry]) -> None:
        if not entries:
            return
        body = {
            "ids": [Candidate(one.article, one.chunk).id for one in entries],
            "embeddings": [_packed(one.vector) for one in entries],
            "documents": [one.chunk.text for one in entries],
            "metadatas": [_metadata(tenant_id, one) for one in entries],
        }
        id_ = await self._made(tenant_id, space)
        if await self._ask("POST", tenant_id, f"collections/{id_}/upsert", body) is None:
            # The server was wiped since: its ids are new.
            self._collections.pop((tenant_id, space), None)
            id_ = await self._made(tenant_id, space)
            if await self._ask("POST", tenant_id, f"collections/{id_}/upsert", body) is None:
                raise IndexAway("the collection disappears")

    async def drop(self, tenant_id: UUID, source_id: UUID, *, below_version: int | None) -> None:
        where: list[dict[str, Any]] = [{"tenant": str(tenant_id)}, {"source": str(source_id)}]
        if below_version is not None:
            where.append({"version": {"$lt": below_version}})
        for _, id_ in await self._listed(tenant_id):
            body = {"where": {"$and": where}}
            await self._ask("POST", tenant_id, f"collections/{id_}/delete", body)

    async def nearest(
        self, tenant_id: UUID, space: Space, vector: Vector, *, most: int
    ) -> list[Candidate]:
        body = {
            "query_embeddings": [vector],
            "n_results": most,
            "where": {"tenant": str(tenant_id)},
            "include": ["documents", "metadatas", "distances"],
        }
        for _ in range(2):
            id_ = await self._found(tenant_id, space)
            if id_ is None:
                break
            answer = await self._ask("POST", tenant_id, f"collections/{id_}/query", body)
            if answer is not None:
                with _readable():
                    return _hits(tenant_id, answer)
            self._collections.pop((tenant_id, space), None)
        raise IndexAway(NOTHING_PUT)

    async def count(self, tenant_id: UUID, space: Space) -> int:
        for _ in range(2):
            id_ = await self._found(tenant_id, space)
            if id_ is None:
                break
            answer = await self._ask("GET", tenant_id, f"collections/{id_}/count")
            if answer is not None:
                with _readable():
                    return int(answer)
            self._collections.pop((tenant_id, space), None)
        return 0

    async def keep_only(self, tenant_id: UUID, space: Space) -> None:
        for name, _ in await self._listed(tenant_id):
            if name != space.name:
                await self._ask("DELETE", tenant_id, f"collections/{quote(name, safe='')}")
        kept = self._collections.get((tenant_id, space))
        self._forget_ids(tenant_id)
        if kept is not None:
            self._collections[tenant_id, space] = kept

    async def forget(self, tenant_id: UUID) -> None:
        await self._ask("DELETE", tenant_id, "")
        self._forget_ids(tenant_id)

    def _forget_ids(self, tenant_id: UUID) -> None:
        for key in [one for one in self._collections if one[0] == tenant_id]:
            del self._collections[key]

    async def _made(self, tenant_id: UUID, space: Space) -> str:
        """The id of a collection, made where there is none."""
        if (known := self._known(tenant_id, space)) is not None:
            return known
        await self._send("POST", f"/tenants/{_TENANT}/databases", {"name": _database(tenant_id)})
        body = {
            "name": space.name,
            "get_or_create": True,
            "configuration": {"hnsw": {"space": "cosine"}},
            "metadata": {"tenant": str(tenant_id)},
        }
        made = await self._ask("POST", tenant_id, "collections", body)
        if made is None:
            raise IndexAway("the database disappears")
        return self._keep(tenant_id, space, made)

    async def _found(self, tenant_id: UUID, space: Space) -> str | None:
        if (known := self._known(tenant_id, space)) is not None:
            return known
        found = await self._ask("GET", tenant_id, f"collections/{quote(space.name, safe='')}")
        return None if found is None else self._keep(tenant_id, space, found)

    def _known(self, tenant_id: UUID, space: Space) -> str | None:
        key = (tenant_id, space)
        if key in self._collections:
            self._collections.move_to_end(key)
        return self._collections.get(key)

    def _keep(self, tenant_id: UUID, space: Space, collection: Any) -> str:
        with _readable():
            id_ = _collection_id(collection)
        self._collections[tenant_id, space] = id_
        while len(self._collections) > COLLECTIONS_KEPT:
            self._collections.popitem(last=False)
        return id_

    async def _listed(self, tenant_id: UUID) -> list[tuple[str, str]]:
        """Name and id of all collections of a tenant."""
        found: list[tuple[str, str]] = []
        while True:
            path = f"collections?limit={_PAGE}&offset={len(found)}"
            page = await self._ask("GET", tenant_id, path)
            with _readable():
                found += [(str(one["name"]), _collection_id(one)) for one in page or ()]
            if len(page or ()) < _PAGE:
                return found

    async def _ask(self, method: str, tenant_id: UUID, path: str, body: Any = None) -> Any:
        """Ask inside the database of a tenant; None: there is no such thing."""
        base = f"/tenants/{_TENANT}/databases/{_database(tenant_id)}"
        return await self._send(method, f"{base}/{path}".rstrip("/"), body)

    async def _send(self, method: str, path: str, body: Any = None) -> Any:
        try:
            answer = await self._client.request(method, f"/api/v2{path}", json=body)
            if answer.status_code in (_ALREADY_THERE, _NOT_THERE):
                return None
            answer.raise_for_status()
            return answer.json() if answer.content else {}
        except (httpx.HTTPError, ValueError) as error:
            raise IndexAway(_told(error)) from error


@asynccontextmanager
async def open_chroma(url: str, token: str = "") -> AsyncIterator[Chroma]:
    """Speak to the server at `url`; `token` is for the proxy that stands before it elsewhere.

    Connects when something is asked. Every request has a timeout of 5 s.
    """
    # Below WARNING it logs each address that is asked, tenants' ids and all.
    logging.getLogger("httpx").setLevel(logging.WARNING)
    headers = {"Authorization": f"Bearer {token}"} if token else {}
    timeout = httpx.Timeout(TIMEOUT_S)
    # No proxy of the environment: what customers ask does not leave this way.
    async with httpx.AsyncClient(
        base_url=url.rstrip("/"), headers=headers, timeout=timeout, trust_env=False
    ) as client:
        yield Chroma(client)


@contextmanager
def _readable() -> Iterator[None]:
    """Raises IndexAway: something else than Chroma answers there."""
    try:
        yield
    except (KeyError, TypeError, ValueError, IndexError, AttributeError) as error:
        raise IndexAway("an answer that cannot be read") from error


def _database(tenant_id: UUID) -> str:
    return f"tnt-{tenant_id}"


def _collection_id(collection: Mapping[str, Any]) -> str:
    return str(UUID(str(collection["id"])))


def _packed(vector: Vector) -> str:
    """32-bit floats in base64: a fifth of the same numbers as JSON."""
    return base64.b64encode(array("f", vector).tobytes()).decode()


def _metadata(tenant_id: UUID, entry: Entry) -> dict[str, Any]:
    article, chunk = entry.article, entry.chunk
    return {
        "tenant": str(tenant_id),
        "source": str(article.source_id),
        "version": article.version,
        "place": chunk.place,
        "title": chunk.title,
        "language": article.language,
        "trust": article.trust,
    }


def _hits(tenant_id: UUID, answer: Mapping[str, Any]) -> list[Candidate]:
    columns = (answer["documents"], answer["metadatas"], answer["distances"])
    rows = list(zip(*(column[0] for column in columns), strict=True))
    own = [row for row in rows if row[1].get("tenant") == str(tenant_id)]
    if len(own) < len(rows):
        metrics.knowledge_foreign_hits_total.inc(len(rows) - len(own))
        log.error("knowledge_foreign_hits", hits=len(rows) - len(own))
    return [_candidate(tenant_id, *row) for row in own]


def _candidate(
    tenant_id: UUID, document: str, about: Mapping[str, Any], distance: float
) -> Candidate:
    source, version, place = UUID(about["source"]), int(about["version"]), int(about["place"])
    article = Article(tenant_id, source, version, about["language"], about["trust"])
    return Candidate(article, Chunk(place, about["title"], document), 1.0 - distance)


def _told(error: Exception) -> str:
    if isinstance(error, httpx.HTTPStatusError):
        return f"HTTP {error.response.status_code}"
    return type(error).__name__
