"""What the demo shop knows: the articles its bot answers from, brought as a tenant would."""

from datetime import datetime
from functools import cache
from pathlib import Path
from typing import Any, Final
from uuid import UUID

import orjson

from chorus.ids import uuid7

_TEXTS: Final = Path(__file__).with_name("demo_knowledge.json")


@cache
def _articles() -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = orjson.loads(_TEXTS.read_bytes())
    return found


def sources_of(tenant_id: UUID, brought: datetime) -> list[dict[str, Any]]:
    """Rows of `knowledge_sources`; due at once, so that the worker indexes them."""
    return [
        {
            "id": uuid7(),
            "tenant_id": tenant_id,
            "name": article["name"],
            "kind": article.get("kind", "markdown"),
            "trust": "editor",
            "language": article["language"],
            "content": article.get("content") or orjson.dumps(article["pairs"]).decode(),
            "created_at": brought,
            "updated_at": brought,
        }
        for article in _articles()
    ]
