"""What the customer reads when a session moves: the words of a `Say`, from `handoff_texts/*.json`.

Pure but for reading the catalogues once. A queue may have sentences of its own, in any language;
what it leaves out is ours. A text is a message of role `system`; its `meta.say` names the sentence,
so that a client may draw it in its own way.
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
SOMEBODY: Final = "somebody"
"""Who has joined, where no name is known."""
NAMING: Final = frozenset({Say.AGENT_JOINED, Say.BACK_WITH_AGENT})
"""Sentences that may name the agent, as `{agent}`."""
Locales = tuple[str | None, ...]
"""Of the customer, then of the inbox: the first one there is a sentence in."""
Texts = Mapping[str, Mapping[str, str]]
"""By language, then by sentence."""
OwnTexts = Mapping[UUID, Texts]
"""The own sentences of queues."""


@cache
def catalogues() -> Mapping[str, Mapping[str, str]]:
    """All catalogues by language."""
    found = files("chat_service").joinpath("handoff_texts").iterdir()
    return {
        one.name.removesuffix(".json"): json.loads(one.read_text(encoding="utf-8"))
        for one in found
        if one.name.endswith(".json")
    }


def text_of(
    say: Say, locales: Iterable[str | None], own: Texts | None = None, *, agent: str | None = None
) -> str:
    """Spell a sentence; a name is filled in as it is, whatever it contains."""
    known, spoken = own or {}, _languages(locales)
    sentence = _found(say, spoken, known)
    return sentence.replace("{agent}", agent or _found(SOMEBODY, spoken, known))


def _languages(locales: Iterable[str | None]) -> list[str]:
    tags = ((locale or "").replace("_", "-").partition("-")[0].lower() for locale in locales)
    return [*tags, FALLBACK]


def _found(name: str, languages: Iterable[str], own: Texts) -> str:
    """The queue's own sentence in a language goes before ours, and both before the next language."""
    for language in languages:
        for texts in (own, catalogues()):
            if name in texts.get(language, {}):
                return texts[language][name]
    raise LookupError(name)


def said(
    say: Say,
    session: Session,
    locales: Iterable[str | None],
    *,
    names: Mapping[UUID, str],
    texts: OwnTexts,
) -> dict[str, Any]:
    """The columns of the message that says it, in the words of the session's queue."""
    agent = names.get(session.agent_id) if session.agent_id else None
    own = texts.get(session.queue_id) if session.queue_id else None
    return {
        "role": Role.SYSTEM.value,
        "sender_id": None,
        "message_type": "text",
        "visibility": Visibility.PUBLIC.value,
        "content": text_of(say, locales, own, agent=agent),
        "payload": {"meta": {"say": say.value}},
    }
