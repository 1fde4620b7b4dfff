"""Open inbox views: which changed rows go to whom, merged for 250 ms (PROTOCOL, agent inbox).

The writer publishes only which conversations changed; the rows are read once per tenant and
gateway, and matched against each open view here.
"""

import asyncio
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from typing import Any
from uuid import UUID

import orjson

from chorus import topics
from chorus.auth import Principal
from chorus.bus import Listener
from chorus.errors import ChorusError
from chorus.log import get_logger
from chorus.rpc import ChatRpc
from chorus.wire.calls import ActRequest
from chorus.wire.common import InboxView
from chorus.wire.envelope import encode_raw
from gateway.hub import Connection, Hub
from gateway.inbox_views import Row, belongs
from gateway.offers import Offers
from gateway.room import Packet
from gateway.tasks import Tasks

log = get_logger(__name__)
MERGE_S = 0.25
REFRESH_S = 60.0
ROWS_PER_CALL = 200
Viewers = Mapping[str | None, Collection[str]]
"""Who sees a queue, by its name; one that is not named is seen by all."""


@dataclass(slots=True)
class OpenView:
    """What one inbox socket looks at."""

    connection: Connection
    view: InboxView
    request: dict[str, Any]
    shown: dict[str, int]
    """Conversation to the `rev` last sent."""
    opened_s: float

    def sees(self, queue: str | None, viewers: Viewers) -> bool:
        """Say whether this agent may see a queue: seniors see all, nobody's is everybody's."""
        principal = self.connection.peer.principal
        if queue not in viewers or principal is None or principal.role != "agent":
            return True
        return str(principal.user_id) in viewers[queue]


class Inboxes:
    """All open views of this gateway."""

    def __init__(self, hub: Hub, rpc: ChatRpc, tasks: Tasks) -> None:
        self._hub = hub
        self._rpc = rpc
        self._tasks = tasks
        self.offers = Offers(hub, rpc)
        self._views: dict[int, OpenView] = {}
        self._dirty: dict[UUID, set[UUID]] = {}
        self._tenants: dict[UUID, set[int]] = {}
        self._viewers: dict[UUID, Viewers] = {}
        self.listener: Listener | None = None

    async def entered(self, connection: Connection, principal: Principal) -> None:
        """An agent's inbox socket is ready: hear of changes of the tenant."""
        here = self._tenants.setdefault(principal.tenant_id, set())
        here.add(connection.id)
        if len(here) == 1 and self.listener is not None:
            await self.listener.subscribe(topics.inbox(principal.tenant_id))

    async def left(self, connection: Connection) -> None:
        self._views.pop(connection.id, None)
        self.offers.left(connection)
        principal = connection.peer.principal
        here = self._tenants.get(principal.tenant_id) if principal else None
        if principal is None or here is None:
            return
        here.discard(connection.id)
        if not here:
            del self._tenants[principal.tenant_id]
            self._viewers.pop(principal.tenant_id, None)
            if self.listener is not None:
                await self.listener.unsubscribe(topics.inbox(principal.tenant_id))

    def opened(
        self, connection: Connection, request: dict[str, Any], snapshot: bytes, at_s: float
    ) -> None:
        """A page was sent: keep its rows up to date from now on."""
        data = orjson.loads(snapshot)["data"]
        shown = {row["conv"]: row["rev"] for row in data.get("items", [])}
        view = InboxView(request["view"])
        self._views[connection.id] = OpenView(connection, view, request, shown, at_s)

    def changed(self, tenant_id: UUID, conversations: Iterable[UUID]) -> None:
        """Conversations changed; read them soon."""
        waiting = self._dirty.get(tenant_id)
        if waiting is None:
            waiting = self._dirty[tenant_id] = set()
            self._tasks.spawn(self._refresh_rows(tenant_id), "inbox_rows")
        waiting.update(conversations)

    def heard(self, tenant_id: UUID, told: Any) -> None:
        """News for the agents of a tenant: changed rows, an offer, how each queue stands."""
        if isinstance(told, list):
            self.changed(tenant_id, [UUID(row["conv"]) for row in told])
        elif "agent" in told:
            self.offers.heard(told)
        elif "counts" in told:
            self._counted(tenant_id, told["counts"], told.get("viewers", {}))

    def _counted(self, tenant_id: UUID, counts: Mapping[str, Any], viewers: Viewers) -> None:
        here = [view for view in self._views.values() if _tenant(view) == tenant_id]
        packet = Packet(encode_raw("inbox.counts", {"queues": dict(counts)}))
        for view in here:
            seen = {name: count for name, count in counts.items() if view.sees(name, viewers)}
            hidden = len(seen) < len(counts)
            own = Packet(encode_raw("inbox.counts", {"queues": seen})) if hidden else packet
            view.connection.whisper(own, "inbox.counts")
        if viewers != self._viewers.get(tenant_id, viewers):
            for view in here:
                self._tasks.spawn(self._reopen(view), "inbox_reopen")
        self._viewers[tenant_id] = viewers

    def all_dirty(self) -> None:
        """The fan-out was deaf for a while: send every open page and offer again."""
        for view in self._views.values():
            self._tasks.spawn(self._reopen(view), "inbox_reopen")
            self._tasks.spawn(self.offers.refresh(view.connection, again=True), "offers_again")

    async def run(self) -> None:
        """Send each open page again every 60 s, for ever."""
        while True:
            await asyncio.sleep(REFRESH_S / 10)
            await self._reopen_old(asyncio.get_running_loop().time())

    async def _reopen_old(self, now: float) -> None:
        for view in list(self._views.values()):
            if now - view.opened_s >= REFRESH_S:
                view.opened_s = now
                await self._reopen(view)

    async def _reopen(self, view: OpenView) -> None:
        principal = view.connection.peer.principal
        if view.connection.closed or principal is None:
            return
        try:
            reply = await self._rpc.act(
                ActRequest(principal, None, view.connection.peer.conn, "inbox.open", view.request)
            )
        except ChorusError as error:
            log.info("inbox_reopen_failed", error=type(error).__name__)
            return
        if view.connection.id not in self._views:
            # It left meanwhile.
            return
        page, *counters = (frame.encode() for frame in reply.frames)
        view.connection.send(Packet(page))
        self.opened(view.connection, view.request, page, asyncio.get_running_loop().time())
        for counter in counters:
            view.connection.whisper(Packet(counter), "inbox.counts")

    async def _refresh_rows(self, tenant_id: UUID) -> None:
        await asyncio.sleep(MERGE_S)
        changed = list(self._dirty.pop(tenant_id, ()))
        views = [view for view in self._views.values() if _tenant(view) == tenant_id]
        if not changed or not views:
            return
        for start in range(0, len(changed), ROWS_PER_CALL):
            rows, viewers = await self._read(views[0], changed[start : start + ROWS_PER_CALL])
            shown = [(row, Packet(encode_raw("inbox.upsert", {"item": row}))) for row in rows]
            for view in views:
                _update(view, shown, viewers)

    async def _read(self, view: OpenView, conversations: list[UUID]) -> tuple[list[Row], Viewers]:
        principal = view.connection.peer.principal
        assert principal is not None
        asked = {"conv": [str(conversation) for conversation in conversations]}
        try:
            reply = await self._rpc.act(ActRequest(principal, None, "", "inbox.rows", asked))
        except ChorusError as error:
            log.info("inbox_rows_failed", error=type(error).__name__)
            return [], {}
        data = orjson.loads(reply.frames[0])["data"]
        return data["items"], data.get("viewers", {})


def _tenant(view: OpenView) -> UUID | None:
    principal = view.connection.peer.principal
    return principal.tenant_id if principal else None


def _update(view: OpenView, rows: list[tuple[Row, Packet]], viewers: Viewers) -> None:
    """Write the rows that changed in this view, once each; they were encoded once for all."""
    principal = view.connection.peer.principal
    if principal is None or view.connection.closed:
        return
    agent_id = str(principal.user_id)
    for row, packet in rows:
        conv = row["conv"]
        hidden = view.view is InboxView.QUEUE and not view.sees(row.get("queue"), viewers)
        if not hidden and belongs(row, view.view, view.request.get("filter"), agent_id):
            # The same `rev` may come again with another `unread`: a receipt changes no seq.
            view.shown[conv] = row["rev"]
            view.connection.send(packet)
        elif conv in view.shown:
            del view.shown[conv]
            view.connection.send(Packet(encode_raw("inbox.remove", {"conv": conv})))
