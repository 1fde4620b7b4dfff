"""How tests attach files: one person, one conversation, one call."""

from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit
from uuid import UUID

from chorus.auth import Principal
from chorus.ids import uuid7
from tests.chat_service.api_world import Api, Tenant

PATH = "/livechat/attachments"


@dataclass(frozen=True, slots=True)
class Person:
    """Somebody who attaches files."""

    api: Api
    principal: Principal
    conversation: UUID

    async def attach(
        self,
        content: bytes | AsyncIterator[bytes] = b"hello",
        *,
        name: str = "a.txt",
        file_id: UUID | None = None,
        conversation: UUID | None = None,
        announced: int | None = None,
    ) -> Any:
        length = {} if announced is None else {"Content-Length": str(announced)}
        asked = {
            "id": str(file_id or uuid7()),
            "conversationId": str(conversation or self.conversation),
            "name": name,
        }
        return await self.api.client.post(
            PATH, params=asked, content=content, headers={**self.token, **length}
        )

    async def attached(self, content: bytes = b"hello", *, name: str = "a.txt") -> str:
        """Attach what is taken; answers its id."""
        answer = await self.attach(content, name=name)
        assert answer.status_code == 201, answer.text
        return str(answer.json()["id"])

    async def say(self, *files: str, content: str = "", **fields: Any) -> Any:
        return await self.api.client.post(
            f"/livechat/conversations/{self.conversation}/messages",
            json={"id": str(uuid7()), "content": content, "attachments": files, **fields},
            headers=self.token,
        )

    async def show(self, file_id: str) -> Any:
        return await self.api.client.get(f"{PATH}/{file_id}", headers=self.token)

    @property
    def token(self) -> dict[str, str]:
        return self.api.token(self.principal)


def person(api: Api, tenant: Tenant, who: str = "contact") -> Person:
    return Person(api, tenant.principal(who), tenant.conversation)


async def follow(api: Api, url: str) -> Any:
    """Read a link as a browser would: without a token."""
    return await api.client.get(urlsplit(url).path)


def bytes_on_disk(api: Api) -> list[Path]:
    return [path for path in api.resources.settings.files_dir.rglob("*") if path.is_file()]
