"""The gRPC edge: six calls for gateways and bots, each bound to an act.

The caller is trusted to have verified a principal's token; what the principal may do is checked
here and in SQL again.
"""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, Final
from uuid import UUID

from pydantic import ValidationError

from chat_service import (
    bots,
    commands,
    conversations,
    inbox,
    messages,
    receipts,
    speech,
    spending,
)
from chat_service.deeds import Commands
from chat_service.emit import Publisher, outgoing
from chat_service.receipts import Receipts
from chat_service.store import conversations as store
from chat_service.store import people
from chat_service.trust import Trust
from chorus import metrics
from chorus.auth import Principal
from chorus.clock import Clock, unix_ms
from chorus.codes import NackCode
from chorus.db import Db
from chorus.errors import BadRequest, ChorusError, NotFound, Unauthenticated
from chorus.wire.calls import (
    AccessReply,
    AccessRequest,
    ActReply,
    ActRequest,
    Head,
    HeadsReply,
    HeadsRequest,
    IngestReply,
    IngestRequest,
    ReceiptsReply,
    ReceiptsRequest,
    ResumeReply,
    ResumeRequest,
)
from chorus.wire.client import CLIENT_FRAMES, InboxOpen, Message
from chorus.wire.common import Inbound
from chorus.wire.envelope import encode_raw, nack

INBOX_ROWS: Final = "inbox.rows"
"""Asked by gateways only: rows of conversations that changed."""
INBOX_OFFERS: Final = "inbox.offers"
"""Asked by gateways only: the open offers of an agent whose inbox opens."""


@dataclass(frozen=True, slots=True)
class ChatCalls:
    """Implements `chorus.rpc.ChatRpc`.

    `db` is bound to one tenant at a time; `system` reads heads and stores messages across them.
    """

    db: Db
    system: Db
    trust: Trust
    publisher: Publisher
    clock: Clock
    commands: Commands
    receipts_of: Receipts

    async def access(self, request: AccessRequest) -> AccessReply:
        with _measured("access"):
            await self._believe(request.principal)
            return await conversations.access(self.db, request, now=self.clock.now())

    async def resume(self, request: ResumeRequest) -> ResumeReply:
        with _measured("resume"):
            return await conversations.resume(self.db, request)

    async def heads(self, request: HeadsRequest) -> HeadsReply:
        with _measured("heads"):
            async with self.system.raw_transaction() as raw:
                epoch = await store.epoch(raw)
                found = await store.heads(raw, request.conversation_ids)
                chosen = await people.choices(raw, request.agent_ids) if request.agent_ids else []
                offers = await inbox.offers(raw, request.agent_ids, now=self.clock.now())
            statuses = [(agent, status, unix_ms(at)) for agent, status, at in chosen]
            return HeadsReply(
                epoch, [Head(*one) for one in found], self.trust.revoked.all, statuses, offers
            )

    async def ingest(self, request: IngestRequest) -> IngestReply:
        with _measured("ingest"):
            outcome = await messages.ingest(self.system, request.items)
            spoken = messages.publications(outcome, claimed=False)
            await self.publisher.publish([one for one in spoken if not one[0].startswith("gw:")])
            return IngestReply(outgoing(spoken))

    async def act(self, request: ActRequest) -> ActReply:
        with _measured("act"):
            try:
                await self._believe(request.principal)
                return ActReply(await self._act(request))
            except ChorusError as error:
                if not error.expected or error.code in _UNANSWERED:
                    raise
                return ActReply([_refusal(error, request.data)])

    async def receipts(self, request: ReceiptsRequest) -> ReceiptsReply:
        with _measured("receipts"):
            return ReceiptsReply(await receipts.record(self.receipts_of, request.items))

    async def _believe(self, principal: Principal) -> None:
        if self.trust.revoked.covers(principal):
            raise Unauthenticated
        await self.trust.require_tenant(principal.tenant_id)

    async def _act(self, request: ActRequest) -> list[str]:
        principal = request.principal
        if request.event == INBOX_ROWS:
            ids = _uuids(request.data.get("conv"))
            return [_frame(INBOX_ROWS, await inbox.read_rows(self.db, principal, ids))]
        if request.event == INBOX_OFFERS:
            return await self._offers(principal)
        if request.event in (bots.BRIEF, bots.WHICH, bots.STANDING):
            return [_frame(request.event, await self._asked_by_bot(request))]
        frame = read_frame(request.event, request.data)
        if isinstance(frame, InboxOpen):
            return [_frame(*one) for one in await self._opened(principal, frame)]
        if isinstance(frame, Message):
            return [_frame("delivered", await self._say(request, frame))]
        if isinstance(frame, spending.Reserve | spending.Settle | spending.Whose):
            return [_frame(frame.event, await self._spend(request, frame))]
        if not commands.known(request.event):
            return [_unknown(request.data)]
        data = await commands.perform(
            self.commands,
            principal,
            frame,
            conversation_id=request.conversation_id,
            socket=request.conn or None,
        )
        return [_frame("delivered", data)]

    async def _asked_by_bot(self, request: ActRequest) -> dict[str, Any]:
        if request.event == bots.WHICH:
            ids = _uuids(request.data.get("conv"))
            return await bots.which(self.db, request.principal, ids)
        if request.event == bots.STANDING:
            passages = _strings(request.data.get("passages"))
            return await bots.standing(self.db, request.principal, passages)
        if request.conversation_id is None:
            raise BadRequest("`conv` is needed.")
        return await bots.brief(self.db, request.principal, request.conversation_id)

    async def _spend(
        self, request: ActRequest, frame: spending.Reserve | spending.Settle | spending.Whose
    ) -> dict[str, Any]:
        who, where = request.principal, request.conversation_id
        if isinstance(frame, spending.Whose):
            return await spending.whose(self.db, who)
        if isinstance(frame, spending.Settle):
            return await spending.settle(self.system, self.clock, who, frame)
        return await spending.reserve(self.system, self.clock, who, where, frame)

    async def _say(self, request: ActRequest, frame: Message) -> dict[str, Any]:
        if request.conversation_id is None:
            raise BadRequest("`conv` is needed.")
        where = self.db, self.publisher, self.clock
        return await speech.say(where, request.principal, request.conversation_id, frame)

    async def _offers(self, principal: Principal) -> list[str]:
        async with self.db.raw_transaction(principal.tenant_id) as raw:
            found = await inbox.offers(raw, [principal.user_id], now=self.clock.now())
        return [frame for _, frame in found]

    async def _opened(
        self, principal: Principal, frame: InboxOpen
    ) -> list[tuple[str, dict[str, Any]]]:
        wish = inbox.Wish(frame.view, frame.sort, frame.cursor, frame.limit)
        asked = inbox.asked_of(wish, frame.filter or {}, agent_id=principal.user_id)
        return await inbox.opened(self.db, principal, asked)


_UNANSWERED: Final = frozenset(
    {NackCode.UNAVAILABLE, NackCode.OVERLOADED, NackCode.UNAUTHENTICATED}
)
"""Raised to the gateway, which decides what its client hears."""


_OURS: Final = {**bots.FRAMES, **spending.FRAMES}
"""Frames that no socket may say."""


def read_frame(event: str, data: Mapping[str, Any]) -> Inbound:
    """Read what a client frame says.

    Raises:
        NotFound: no such frame. BadRequest: it does not fit.
    """
    model = CLIENT_FRAMES.get(event) or _OURS.get(event)
    if model is None:
        raise NotFound
    try:
        return model.model_validate(data)
    except ValidationError as error:
        first = error.errors(include_input=False, include_url=False)[0]
        where = ".".join(str(part)[:40] for part in first["loc"][:4]) or "data"
        raise BadRequest(f"{where}: {first['msg']}"[:200]) from error


def _frame(event: str, data: dict[str, Any]) -> str:
    return encode_raw(event, data).decode()


def _refusal(error: ChorusError, data: Mapping[str, Any]) -> str:
    facts = {name: error.extra.get(name) for name in ("head_seq", "by", "at")}
    said = nack(error.code, id=_id(data), reason=error.detail, **facts)
    return _frame("nack", said)


def _unknown(data: Mapping[str, Any]) -> str:
    return _frame("nack", nack(NackCode.UNKNOWN_EVENT, id=_id(data)))


def _id(data: Mapping[str, Any]) -> UUID | None:
    try:
        return UUID(str(data.get("id")))
    except ValueError:
        return None


def _uuids(listed: object) -> Sequence[UUID]:
    try:
        return [UUID(str(one)) for one in listed] if isinstance(listed, list) else []
    except ValueError as error:
        raise BadRequest("`conv` is a list of ids.") from error


def _strings(listed: object) -> Sequence[str]:
    return [str(one) for one in listed] if isinstance(listed, list) else []


@contextmanager
def _measured(method: str) -> Iterator[None]:
    with metrics.timed(metrics.rpc_request_ms.labels(method)):
        try:
            yield
        except ChorusError as error:
            metrics.rpc_requests_total.labels(method, str(error.code)).inc()
            raise
        metrics.rpc_requests_total.labels(method, "ok").inc()
