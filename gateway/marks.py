"""Receipts on their way: merged per user and conversation, sent once a second (PROTOCOL §3)."""

import asyncio
from uuid import UUID

from chorus.auth import Principal
from chorus.errors import ChorusError
from chorus.log import get_logger
from chorus.rpc import ChatRpc
from chorus.wire.calls import ReceiptItem, ReceiptsRequest
from chorus.wire.client import Receipt

log = get_logger(__name__)
EVERY_S = 1.0
MAX_WAITING = 50_000


class Marks:
    """Waiting watermarks: the highest of each kind wins."""

    def __init__(self, rpc: ChatRpc) -> None:
        self._rpc = rpc
        self._waiting: dict[tuple[UUID, UUID, str], ReceiptItem] = {}

    def add(self, principal: Principal, conversation_id: UUID, receipt: Receipt) -> None:
        key = (conversation_id, principal.user_id, receipt.kind.value)
        known = self._waiting.get(key)
        if (known is not None and known.up_to >= receipt.up_to) or len(
            self._waiting
        ) >= MAX_WAITING:
            return
        self._waiting[key] = ReceiptItem(
            tenant_id=principal.tenant_id,
            conversation_id=conversation_id,
            user_id=principal.user_id,
            role=principal.role,
            kind=receipt.kind.value,
            up_to=receipt.up_to,
        )

    async def run(self) -> None:
        """Send for ever; what could not be sent is merged with what comes."""
        while True:
            await asyncio.sleep(EVERY_S)
            await self.flush()

    async def flush(self) -> None:
        if not self._waiting:
            return
        sending, self._waiting = self._waiting, {}
        try:
            await self._rpc.receipts(ReceiptsRequest(list(sending.values())))
        except ChorusError as error:
            log.warning("receipts_failed", error=type(error).__name__, waiting=len(sending))
            self._waiting = {**sending, **self._waiting}
