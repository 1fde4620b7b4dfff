"""Shelves for tests: chunks with vectors, and the tenants they belong to."""

from uuid import UUID

from ai.knowledge.embed import HashingEmbedder
from ai.knowledge.index import Entry, space_of
from ai.knowledge.passages import Article, Chunk
from chorus.ids import uuid7

HASHING = HashingEmbedder()
SPACE = space_of(HASHING)
DELIVERY = ("Delivery times", "Standard delivery takes three to five working days.")
RETURNS = ("Returning an item", "You can return anything within 30 days.")
LAMP = ("Desk lamp", "Hold the button for five seconds until it blinks blue.")


def article(tenant_id: UUID, *, source_id: UUID | None = None, version: int = 1) -> Article:
    return Article(tenant_id, source_id or uuid7(), version, "en", "editor")


def entry(of: Article, said: tuple[str, str], place: int = 0) -> Entry:
    chunk = Chunk(place, *said)
    return Entry(of, chunk, HASHING.vector(chunk.weighed))
