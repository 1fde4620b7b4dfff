"""Files over REST: brought as plain bytes, shown by a link that is good for a while."""

from collections.abc import AsyncIterator
from datetime import UTC, datetime
from typing import Annotated, Any, Final
from urllib.parse import quote
from uuid import UUID

from fastapi import Path, Query, Request, Response
from fastapi.responses import StreamingResponse
from starlette.requests import ClientDisconnect

from chat_service import attachments
from chat_service.attachments import Wanted
from chat_service.attachments_types import ENDINGS
from chat_service.resources import Resources
from chat_service.routes.attachment_shapes import FileAnswer, FileLimits, UploadQuery
from chat_service.routes.guard import From, Needs, Public, Route, Who, With
from chat_service.settings import ApiSettings
from chat_service.store.attachments import FileRow
from chorus.auth import Principal
from chorus.clock import rfc3339
from chorus.errors import BadRequest, Forbidden, RateLimited
from chorus.web import json_response

PATH: Final = "/livechat/attachments"
LINKS: Final = "/files"
FileId = Annotated[UUID, Path(alias="attachmentId")]
Token = Annotated[str, Path(min_length=1, max_length=2000)]
# Nothing of a file runs, whoever opens it: not as a page, not as a script, not in a frame.
_INERT: Final = {
    "X-Content-Type-Options": "nosniff",
    "Content-Security-Policy": "sandbox; default-src 'none'",
    "Cross-Origin-Resource-Policy": "cross-origin",
    "Cache-Control": "private, max-age=60",
}
_BYTES: Final = {
    "requestBody": {
        "required": True,
        "content": {"application/octet-stream": {"schema": {"type": "string", "format": "binary"}}},
    }
}


async def file_taken(
    asked: Annotated[UploadQuery, Query()],
    request: Request,
    resources: With,
    who: Who,
    caller: From,
) -> Response:
    """Keep a file for a message of the same person: 201, and 200 for the same id and bytes.

    A message that carries it has to follow within a day.
    """
    if not resources.settings.uploads:
        raise Forbidden("Files are not taken here.")
    announced = request.headers.get("content-length", "")
    wanted = Wanted(
        asked.id,
        asked.conversation_id,
        asked.name,
        int(announced[:16]) if announced.isdigit() else 0,
        resources.limits.upload(caller, who),
    )
    row, fresh = await attachments.take(resources.files, who, wanted, _body(request))
    return json_response(_answer(request, resources, who, row), 201 if fresh else 200)


async def _body(request: Request) -> AsyncIterator[bytes]:
    try:
        async for piece in request.stream():
            yield piece
    except ClientDisconnect as error:
        raise BadRequest("The file did not arrive as a whole.") from error


async def file_limits(resources: With, _who: Who) -> Response:
    """What may be attached here."""
    return json_response(limits_of(resources.settings))


def limits_of(settings: ApiSettings) -> dict[str, Any]:
    return {"maxBytes": settings.file_max_bytes, "types": list(ENDINGS)}


async def file_shown(file_id: FileId, request: Request, resources: With, who: Who) -> Response:
    """A file with a fresh link."""
    row = await attachments.show(resources.files, who, file_id)
    return json_response(_answer(request, resources, who, row))


async def file_read(token: Token, resources: With) -> Response:
    """The bytes of a file, as a download; a picture can be shown by `<img>` all the same."""
    link = await resources.files.links.read(token)
    allowance = resources.limits.request(link.principal, None)
    if not allowance.granted:
        raise RateLimited(retry_after_ms=allowance.reset_s * 1000)
    row, pieces = await attachments.follow(resources.files, link)
    headers = {
        **_INERT,
        "Content-Length": str(row.size),
        "Content-Disposition": _download(row.name),
    }
    return StreamingResponse(pieces, headers=headers, media_type=row.mime)


def _download(name: str) -> str:
    plain = "".join(sign if sign.isascii() and sign not in '"\\;' else "_" for sign in name)
    return f"attachment; filename=\"{plain}\"; filename*=UTF-8''{quote(name, safe='')}"


def _answer(request: Request, resources: Resources, who: Principal, row: FileRow) -> dict[str, Any]:
    token, until = resources.files.links.make(row.id, who)
    settings = resources.settings
    base = (settings.files_url or settings.base_url or str(request.base_url)).rstrip("/")
    sides = {"width": row.width, "height": row.height}
    return {
        "id": row.id,
        "name": row.name,
        "mime": row.mime,
        "size": row.size,
        **{name: value for name, value in sides.items() if value is not None},
        "url": f"{base}{LINKS}/{token}",
        "expiresAt": rfc3339(datetime.fromtimestamp(until, UTC)),
    }


_READ = Needs("chat:read")

ROUTES = (
    Route(
        "POST",
        PATH,
        file_taken,
        Needs("chat:write", meter="upload"),
        "Attach a file",
        FileAnswer,
        status=201,
        described=_BYTES,
    ),
    Route("GET", f"{PATH}/limits", file_limits, _READ, "What may be attached", FileLimits),
    Route("GET", f"{PATH}/{{attachmentId}}", file_shown, _READ, "A file", FileAnswer),
    Route(
        "GET",
        f"{LINKS}/{{token}}",
        file_read,
        Public("the link itself is signed, for a while and for one person"),
        "The bytes of a file",
    ),
)
