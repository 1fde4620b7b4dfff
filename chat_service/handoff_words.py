"""What the customer reads when a session moves: the words of a `Say`, from `handoff_texts/*.json`.

Pure but for reading the catalogues once. A text is a message of role `system`; its `meta.say`
names the sentence, so that a client may draw it in its own way.
"""

import json
from collections.abc import Iterable, Mapping
from functools import cache
from importlib.resources import files
from typing import Any, Final
from uuid import UUID

from chat_service.session_facts import Say, Session
from chorus.wire.common import Role, Visibility

FALLBACK: Final = "en"
Locales = tuple[str | None, ...]
"""Of the customer, then of the inbox: the first one there is a catalogue for."""


@cache
def catalogues() -> Mapping[str, Mapping[str, str]]:
    """All catalogues by language."""
    found = files("chat_service").joinpath("handoff_texts").iterdir()
    return {
        one.name.removesuffix(".json"): json.loads(one.read_text(encoding="utf-8"))
        for one in found
        if one.name.endswith(".json")
    }


def text_of(say: Say, locales: Iterable[str | None], *, agent: str | None = None) -> str:
    """Spell a sentence; a name is filled in as it is, whatever it contains."""
    words = catalogues()[_language(locales)]
    return words[say].replace("{agent}", agent or words["somebody"])


def _language(locales: Iterable[str | None]) -> str:
    for locale in locales:
        language = (locale or "").replace("_", "-").partition("-")[0].lower()
        if language in catalogues():
            return language
    return FALLBACK


def said(
    say: Say, session: Session, locales: Iterable[str | None], names: Mapping[UUID, str]
) -> dict[str, Any]:
    """The columns of the message that says it."""
    agent = names.get(session.agent_id) if session.agent_id else None
    return {
        "role": Role.SYSTEM.value,
        "sender_id": None,
        "message_type": "text",
        "visibility": Visibility.PUBLIC.value,
        "content": text_of(say, locales, agent=agent),
        "payload": {"meta": {"say": say.value}},
    }
