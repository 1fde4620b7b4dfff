"""Whatever OpenAPI allows, and whatever it forbids: no request makes the API fail."""

import os
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any
from urllib.parse import urlsplit

import httpx
import pytest
import schemathesis
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from schemathesis import GenerationMode
from schemathesis.core.result import Ok

from chat_service.app import create_app
from chat_service.settings import ApiSettings
from tests.chat_service.admin_world import TEAMS, make
from tests.chat_service.api_world import ORIGIN, Api, Tenant, say

pytestmark = [
    pytest.mark.anyio,
    pytest.mark.slow,
    pytest.mark.no_cover,
    pytest.mark.timeout(300),
]

EXAMPLES = 60 if os.environ.get("CHORUS_LONG") else 6
MIN_TRIED = EXAMPLES * 4 // 5
# The operations are dealt out to tests of their own, which run beside each other.
PARTS = 4
MODES = (GenerationMode.POSITIVE, GenerationMode.NEGATIVE)


@dataclass(frozen=True, slots=True)
class Try:
    """One request that the schema suggests, by whom, and whether its ids are those of something."""

    case: Any
    who: str
    real_ids: bool


@cache
def _operations() -> list[Any]:
    schema = schemathesis.openapi.from_dict(create_app(ApiSettings()).openapi())
    return [found.ok() for found in schema.get_all_operations() if isinstance(found, Ok)]


def _tries(operations: Sequence[Any]) -> list[Try]:
    """Draw the requests; they are sent later, so that no network stands inside Hypothesis."""
    drawn: list[Try] = []
    for operation in operations:
        modes = MODES if operation.body or operation.query else MODES[:1]
        cases = st.one_of(*(operation.as_strategy(generation_mode=mode) for mode in modes))
        whose = st.sampled_from(("contact", "agent", "admin"))
        _collect(drawn, st.builds(Try, cases, whose, st.booleans()))
    return drawn


def _collect(drawn: list[Try], tries: st.SearchStrategy[Try]) -> None:
    @settings(
        max_examples=EXAMPLES,
        deadline=None,
        database=None,
        derandomize=True,
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    @given(tries)
    def collect(one: Try) -> None:
        drawn.append(one)

    collect()


@pytest.mark.parametrize("part", range(PARTS))
async def test_no_request_makes_the_api_fail(api: Api, acme: Tenant, part: int) -> None:
    operations = _operations()[part::PARTS]
    seen = await _send_all(api, acme, operations)
    for operation in operations:
        tried = [seen[operation.label, good] for good in (True, False)]
        varies = operation.body or operation.query or operation.path_parameters
        assert sum(tried) >= (MIN_TRIED if varies else 1), operation.label


@pytest.mark.parametrize(
    ("label", "good"),
    [
        ("GET /livechat/conversations/{conversationId}", True),
        ("GET /livechat/conversations/{conversationId}/messages", True),
        ("POST /livechat/conversations/{conversationId}/messages", False),
    ],
)
async def test_what_is_drawn_gets_through_and_is_refused(
    api: Api, acme: Tenant, label: str, good: bool
) -> None:
    """Requests that are all refused at the door would show nothing."""
    operations = [operation for operation in _operations() if operation.label == label]
    seen = await _send_all(api, acme, operations)
    assert seen[label, good] > 0


async def _send_all(api: Api, acme: Tenant, operations: Sequence[Any]) -> Counter[tuple[str, bool]]:
    """Send what is drawn for these; how often each operation was answered well and badly."""
    told = await say(api, acme.principal("contact"), acme.conversation)
    known = {"conversationId": str(acme.conversation), "messageId": told["id"]}
    # A colleague: who asks here shall not be shut out on the way.
    known |= {"agentId": str(acme.colleague), "inboxId": str(acme.inbox_id)}
    known |= {"contactId": str(acme.contact)}
    known |= {"queueId": str(await make(api, acme, "support"))}
    known |= {"teamId": str(await make(api, acme, "gold", TEAMS))}
    seen: Counter[tuple[str, bool]] = Counter()
    for one in _tries(operations):
        if one.real_ids and one.case.path_parameters:
            fitting = one.case.path_parameters.keys() & known.keys()
            one.case.path_parameters.update((name, known[name]) for name in fitting)
        status = await _send(api, one.case, api.token(acme.principal(one.who)))
        if status is not None:
            seen[one.case.operation.label, status < 300] += 1
    return seen


async def _send(api: Api, case: Any, authorization: dict[str, str]) -> int | None:
    """The status; None for what our client cannot send, which is URLs of over 64 KiB."""
    asked = case.as_transport_kwargs(base_url="http://api.test")
    own = {
        name: value
        for name, value in (asked.pop("headers") or {}).items()
        if name.lower() not in ("authorization", "host")
    }
    asked.pop("cookies", None)
    content = asked.pop("data", None)
    if content is not None:
        asked["content"] = content
    path = urlsplit(asked["url"]).path
    try:
        answer = await api.client.request(
            asked.pop("method"),
            path,
            headers={**_ascii(own), "Origin": ORIGIN, **authorization},
            **{
                name: value
                for name, value in asked.items()
                if name in ("params", "json", "content")
            },
        )
    except httpx.InvalidURL as error:
        if "too long" not in str(error):
            raise
        return None
    assert answer.status_code < 500, (case.method, path, answer.text)
    if answer.status_code >= 400:
        assert answer.headers["content-type"] == "application/problem+json"
        assert {"type", "title", "status", "code", "detail"} <= answer.json().keys()
    return answer.status_code


def _ascii(headers: dict[str, Any]) -> dict[str, str]:
    """What an HTTP client can send at all."""
    return {
        name: str(value)
        for name, value in headers.items()
        if str(value).isascii() and str(value).isprintable() and name.isascii()
    }
