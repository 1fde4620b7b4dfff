"""What the bot's calls of models cost, written down by the chat service: the bot has no database."""

from collections import OrderedDict
from collections.abc import Callable
from dataclasses import asdict, dataclass, field
from typing import Any, Final
from uuid import UUID

import orjson

from ai.models.spending import Settled, Spending
from bot.chat import NOBODY, principal_of
from chorus.errors import ChorusError, Unavailable
from chorus.rpc import ChatRpc
from chorus.wire.calls import ActRequest

OPEN_MAX: Final = 10_000
"""Reservations that are remembered until they are settled; a turn that is given up settles none."""


KNOWN_S: Final = 60.0
"""So long a tenant's tier is believed."""


@dataclass(frozen=True, slots=True)
class RpcTenants:
    """What a plan of models knows tenants by; the chat service says it."""

    calls: ChatRpc
    now_s: Callable[[], float]
    _known: OrderedDict[UUID, tuple[float, tuple[str, str]]] = field(default_factory=OrderedDict)

    async def whose(self, tenant_id: UUID) -> tuple[str, str]:
        """Slug and tier. Raises Unavailable."""
        until_s, whose = self._known.get(tenant_id, (0.0, ("", "")))
        if self.now_s() < until_s:
            return whose
        told = await _act(self.calls, tenant_id, None, "model.whose", {})
        whose = told["slug"], told["tier"]
        self._known[tenant_id] = self.now_s() + KNOWN_S, whose
        while len(self._known) > OPEN_MAX:
            self._known.popitem(last=False)
        return whose


@dataclass(frozen=True, slots=True)
class RpcLedger:
    """`ai.models.spending.Ledger`, kept by whoever answers our calls."""

    calls: ChatRpc
    _tenants: OrderedDict[UUID, UUID] = field(default_factory=OrderedDict)

    async def reserve(self, spending: Spending) -> UUID | None:
        asked = asdict(spending)
        tenant_id, conversation_id = asked.pop("tenant_id"), asked.pop("conversation_id")
        told = await _act(self.calls, tenant_id, conversation_id, "model.reserve", asked)
        if told["id"] is None:
            return None
        spent = UUID(told["id"])
        self._tenants[spent] = tenant_id
        while len(self._tenants) > OPEN_MAX:
            self._tenants.popitem(last=False)
        return spent

    async def settle(self, spending_id: UUID, settled: Settled) -> None:
        tenant_id = self._tenants.pop(spending_id, None)
        if tenant_id is None:
            return
        told = asdict(settled) | {"id": str(spending_id)}
        await _act(self.calls, tenant_id, None, "model.settle", told)


async def _act(
    calls: ChatRpc,
    tenant_id: UUID,
    conversation_id: UUID | None,
    event: str,
    data: dict[str, Any],
) -> dict[str, Any]:
    """Raises Unavailable: whatever was said instead, nothing was written down."""
    order = ActRequest(principal_of(tenant_id, NOBODY), conversation_id, "", event, data)
    try:
        frames = (await calls.act(order)).frames
    except ChorusError as error:
        raise Unavailable from error
    told = orjson.loads(frames[0]) if frames else {}
    if told.get("event") != event:
        raise Unavailable
    answer: dict[str, Any] = told["data"]
    return answer
