"""The public REST API as the terminal, the journeys and the load use it."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any
from uuid import UUID

import httpx

from launch.faults import LaunchError

TIMEOUT_S = 10.0
PAGE = 1_000

Json = dict[str, Any]


class RestRefused(LaunchError):
    """The server said no, or nothing; the message carries its answer."""

    exit_code = 1

    def __init__(self, message: str, *, status: int = 0, code: str = "") -> None:
        super().__init__(message)
        self.status = status
        self.code = code


@dataclass(frozen=True, slots=True)
class Visitor:
    """A customer: who they are, and the conversation they came with."""

    token: str
    refresh_token: str
    contact_id: UUID
    conversation_id: UUID


@dataclass(frozen=True, slots=True)
class Agent:
    """Somebody who signed in."""

    token: str
    refresh_token: str
    agent_id: UUID
    name: str
    role: str


@dataclass(frozen=True, slots=True)
class History:
    """Items after a place, in order, up to the head."""

    items: list[Json]
    head_seq: int
    epoch: str


class RestClient:
    """One HTTP client for any number of people; every call names whose token it uses."""

    def __init__(self, http: httpx.AsyncClient) -> None:
        self._http = http

    async def visitor(self, inbox_key: str, *, name: str | None = None) -> Visitor:
        """Become a customer with a conversation of their own."""
        asked: Json = {"inboxKey": inbox_key}
        if name is not None:
            asked["traits"] = {"name": name}
        found = await self.call("POST", "/livechat/visitors", body=asked)
        return Visitor(
            found["token"],
            found["refreshToken"],
            UUID(found["contactId"]),
            UUID(found["conversationId"]),
        )

    async def login(self, email: str, password: str) -> Agent:
        """Sign an agent in."""
        found = await self.call("POST", "/auth/login", body={"email": email, "password": password})
        who = found["agent"]
        return Agent(
            found["accessToken"], found["refreshToken"], UUID(who["id"]), who["name"], who["role"]
        )

    async def refresh(self, refresh_token: str) -> tuple[str, str]:
        """Exchange a refresh token; answers the new access and refresh tokens."""
        found = await self.call("POST", "/auth/refresh", body={"refreshToken": refresh_token})
        return found.get("accessToken") or found["token"], found["refreshToken"]

    async def open_conversation(self, token: str, **fields: Any) -> UUID:
        """Open one more conversation of this visitor."""
        found = await self.call("POST", "/livechat/conversations", token=token, body=fields)
        return UUID(found["id"] if "id" in found else found["conversationId"])

    async def history(self, token: str, conversation_id: UUID, *, after: int = 0) -> History:
        """Read everything after `after`, page by page.

        Raises:
            RestRefused: no answer, or one that says no.
        """
        path = f"/livechat/conversations/{conversation_id}/messages"
        items: list[Json] = []
        while True:
            last_seq = items[-1]["seq"] if items else after
            found = await self.call(
                "GET", path, token=token, query={"after": last_seq, "limit": PAGE}
            )
            items += found["items"]
            if len(found["items"]) < PAGE or items[-1]["seq"] >= found["headSeq"]:
                return History(items, found["headSeq"], found["epoch"])

    async def call(
        self,
        method: str,
        path: str,
        *,
        token: str | None = None,
        body: Json | None = None,
        query: Json | None = None,
    ) -> Json:
        """Send any request and answer its JSON.

        Raises:
            RestRefused: as `history`.
        """
        headers = {} if token is None else {"Authorization": f"Bearer {token}"}
        try:
            answer = await self._http.request(
                method, path, json=body, params=query, headers=headers
            )
        except httpx.HTTPError as error:
            raise RestRefused(f"No answer from {self._http.base_url}{path}: {error}") from error
        if answer.is_error:
            raise _refusal(path, answer)
        found: Json = answer.json() if answer.content else {}
        return found


def _refusal(path: str, answer: httpx.Response) -> RestRefused:
    try:
        problem = answer.json()
        code = str(problem.get("code", ""))
    except (ValueError, AttributeError):
        code = ""
    said = f"{path} answered {answer.status_code}: {answer.text[:300]}"
    return RestRefused(said, status=answer.status_code, code=code)


@asynccontextmanager
async def open_rest(base_url: str, *, origin: str | None = None) -> AsyncIterator[RestClient]:
    """Open a REST client that looks like a page of `origin`, by default of the same origin."""
    limits = httpx.Limits(max_connections=50, max_keepalive_connections=20)
    async with httpx.AsyncClient(
        base_url=base_url,
        headers={"Origin": origin or base_url},
        timeout=TIMEOUT_S,
        limits=limits,
        trust_env=False,
    ) as http:
        yield RestClient(http)
