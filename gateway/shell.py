"""Carries out what the protocol asks: the part that WebSocket and event stream have in common."""

from collections.abc import Sequence
from time import monotonic, time
from uuid import UUID

import orjson

from chorus import metrics, topics
from chorus.auth import Principal
from chorus.codes import CloseCode, NackCode
from chorus.errors import ChorusError, NotFound, Unavailable
from chorus.ingest import IngestItem, body_hash, payload_of
from chorus.log import get_logger
from chorus.topics import NO_CONN, Audience, Header, Kind, author_key
from chorus.wire import client, server_socket
from chorus.wire.calls import (
    AccessItem,
    AccessReply,
    AccessRequest,
    ActRequest,
    ConversationState,
    ResumePoint,
)
from chorus.wire.common import ConversationStatus, Floor, FloorState
from chorus.wire.envelope import dump, encode, encode_raw, nack
from chorus.wire.server_inbox import SubscribedItem
from gateway import effects
from gateway.effects import Effect
from gateway.hub import Connection, Member
from gateway.pending import Pending
from gateway.repair import PIECE_BYTES
from gateway.resources import Resources
from gateway.room import Packet

log = get_logger(__name__)
TYPING_TTL_MS = 8_000


class Shell:
    """One connection and what it may use. Effects are carried out in order; some wait for an answer."""

    def __init__(self, resources: Resources, connection: Connection) -> None:
        self._resources = resources
        self._connection = connection
        self._peer = connection.peer

    async def run(self, asked: Sequence[Effect]) -> None:  # noqa: C901, PLR0912 (a line an effect)
        """Carry out effects in order, and what follows from them."""
        for effect in asked:
            match effect:
                case effects.Send(payload):
                    self._connection.send(Packet(payload))
                case effects.Close(code, reason):
                    self._close(code, reason)
                case effects.Forward():
                    self._forward(effect)
                case effects.Pulse(n):
                    self._pulse(n)
                case effects.Whisper():
                    self._whisper(effect)
                case effects.Mark(conversation_id, receipt):
                    self._resources.marks.add(self._principal, conversation_id, receipt)
                case effects.Unfollow(conversation_ids):
                    self._unfollow(conversation_ids)
                case _:
                    await self._ask(effect)

    async def _ask(self, effect: Effect) -> None:
        """Effects that wait for somebody else."""
        match effect:
            case effects.Verify(token):
                await self.verify(token)
            case effects.Enter(resume):
                await self._enter(resume)
            case effects.Command():
                await self._command(effect)
            case effects.CatchUp():
                await self._catch_up(effect)
            case effects.Follow():
                await self._follow(effect)

    @property
    def _principal(self) -> Principal:
        assert self._peer.principal is not None
        return self._peer.principal

    def _close(self, code: int, reason: str) -> None:
        self._connection.closed = True
        self._connection.sink.close(code, reason)

    # -- getting in

    async def verify(self, token: str) -> None:
        """Check a token and go on with what the protocol says."""
        try:
            principal = await self._resources.verifier.verify(token)
        except ChorusError as error:
            await self.run(self._peer.rejected(error.close))
            return
        ended = self._resources.revocations.ended(principal)
        if ended is None and not self._connection.page.allows(
            self._resources.configured_origins, principal
        ):
            ended = CloseCode.FORBIDDEN
        await self.run(self._peer.rejected(ended) if ended else self._peer.verified(principal))

    async def _enter(self, resume: ResumePoint | None) -> None:
        settings = self._resources.settings
        counted = self._resources.hub.identify(
            self._connection,
            per_customer=settings.sockets_per_customer,
            per_agent=settings.sockets_per_agent,
            per_tenant=settings.sockets_per_tenant,
        )
        if not counted:
            await self.run(self._peer.end(CloseCode.CONNECTION_LIMIT, "too many sockets"))
            return
        if self._principal.is_agent:
            self._connection.bound(settings.agent_queue_bytes)
        try:
            await (
                self._enter_inbox()
                if self._peer.kind == "inbox"
                else self._enter_conversation(resume)
            )
        except NotFound:
            await self.run(self._peer.rejected(CloseCode.NO_SUCH_CONVERSATION))
        except Unavailable:
            await self.run(self._peer.rejected(CloseCode.DEPENDENCY_DOWN))
        except ChorusError as error:
            await self.run(self._peer.rejected(error.close))

    async def _enter_conversation(self, resume: ResumePoint | None) -> None:
        conversation_id = self._peer.conversation_id
        assert conversation_id is not None
        member = self._resources.hub.join(self._connection, conversation_id)
        reply = await self._access([AccessItem(conversation_id, resume)])
        if self._connection.closed:
            return
        if not reply.conversations:
            raise NotFound
        self._resources.choices.introduce(self._principal.user_id, reply.agent)
        state = reply.conversations[0]
        if state.closed_long_ago:
            await self.run(self._peer.end(CloseCode.ENDED_LONG_AGO, ""))
            return
        self._peer.entered()
        if not self._resources.succession.ready(self._connection):
            return
        metrics.resume_total.labels(_resume_result(state)).inc()
        self._connection.send(Packet(encode(self._ready(state))))
        self._resources.health.greet(self._connection)
        await self._resources.repairer.enter(member, state, self._principal.tenant_id)
        if not self._connection.closed:
            self._present(conversation_id, state)

    async def _access(self, items: list[AccessItem]) -> AccessReply:
        request = AccessRequest(self._principal, items, max_bytes=PIECE_BYTES)
        return await self._resources.rpc.access(request)

    def _ready(self, state: ConversationState) -> server_socket.Ready:
        return server_socket.Ready(
            user=server_socket.ReadyUser(userId=self._principal.user_id, role=self._principal.role),
            conversation=server_socket.ReadyConversation(
                id=state.conversation_id,
                epoch=state.epoch,
                head_seq=state.head_seq,
                first_seq=state.first_seq,
                status=ConversationStatus(state.status),
                queue=state.queue,
                position=state.position,
            ),
            floor=FloorState(holder=Floor(state.floor_holder), epoch=state.floor_epoch),
            receipts=[
                server_socket.ReceiptMark(
                    userId=mark.user_id, delivered=mark.delivered_seq, read=mark.read_seq
                )
                for mark in state.receipts
            ],
            resumed=state.resumed,
            recovered=state.recovered,
            replay_from=state.replay_from,
            token_exp=self._principal.expires_at,
        )

    def _present(self, conversation_id: UUID, state: ConversationState) -> None:
        self._resources.announcer.came(self._connection)
        others = [mark.user_id for mark in state.receipts]
        self._resources.announcer.show(self._connection, conversation_id, others)

    async def _enter_inbox(self) -> None:
        reply = await self._access([])
        if self._connection.closed:
            return
        self._resources.choices.introduce(self._principal.user_id, reply.agent)
        self._peer.entered()
        self._connection.names_conversation = True
        if not self._resources.succession.ready(self._connection):
            return
        self._connection.send(Packet(encode(self._inbox_ready(reply))))
        self._resources.health.greet(self._connection)
        await self._resources.inboxes.entered(self._connection, self._principal)
        self._resources.announcer.came(self._connection)
        await self._resources.inboxes.offers.refresh(self._connection)
        mine = {"view": "mine", "limit": 50}
        await self._command(effects.Command(None, "inbox.open", mine, None, None))

    def _inbox_ready(self, reply: AccessReply) -> server_socket.Ready:
        agent = reply.agent
        return server_socket.Ready(
            user=server_socket.ReadyUser(userId=self._principal.user_id, role=self._principal.role),
            agent=server_socket.ReadyAgent.model_validate(
                {
                    # Who has chosen nothing yet is shown, and asked, as online.
                    "status": agent.status or "online",
                    "capacity": agent.capacity,
                    "load": agent.load,
                }
            )
            if agent
            else None,
            token_exp=self._principal.expires_at,
        )

    # -- while it lives

    def _forward(self, asked: effects.Forward) -> None:
        if self._resources.overloaded:
            self._peer.refused_later(
                asked.conversation_id, asked.message.id, NackCode.OVERLOADED, monotonic()
            )
            self._refuse(NackCode.OVERLOADED, asked.message.id, asked.ref, asked.conversation_id)
            return
        outstanding, principal, message = (
            self._resources.outstanding,
            self._principal,
            asked.message,
        )
        item = IngestItem(
            tenant_id=principal.tenant_id,
            conversation_id=asked.conversation_id,
            id=message.id,
            sender_id=principal.user_id,
            sender_role=principal.role,
            role=principal.speaks_as.value,
            type=message.type,
            visibility=message.visibility,
            content=message.content,
            body_hash=body_hash(principal.user_id, message),
            sent_ms=int(time() * 1000),
            node=self._resources.node,
            conn=self._connection.id,
            slot=outstanding.next_slot(),
            payload=payload_of(message),
            floor_epoch=message.floor_epoch,
            expected_seq=message.expected_seq,
        )
        self._resources.forwarder.forward(Pending(item, asked.ref, monotonic()))

    def _refuse(self, code: NackCode, id: UUID | None, ref: int | None, conv: UUID | None) -> None:
        metrics.nacks_total.labels(code).inc()
        frame = encode_raw("nack", nack(code, id=id))
        self._resources.hub.answer(self._connection, frame, ref, conv)

    def _pulse(self, n: int) -> None:
        member = (
            self._connection.members.get(self._peer.conversation_id)
            if self._peer.conversation_id
            else None
        )
        data = (
            {"n": n}
            if member is None or member.room.seq is None
            else {"n": n, "seq": member.room.seq}
        )
        self._connection.send(Packet(encode_raw("pong", data)))

    def _whisper(self, asked: effects.Whisper) -> None:
        if asked.conversation_id not in self._connection.members:
            return
        principal, frame = self._principal, asked.frame
        if not principal.is_agent and frame.state == "start":
            self._resources.announcer.typed(asked.conversation_id)
        data: dict[str, object] = {"state": frame.state, "userId": principal.user_id}
        audience = Audience.OTHER_AGENTS
        if isinstance(frame, client.Typing):
            data |= {"role": principal.speaks_as, "ttl_ms": TYPING_TTL_MS}
            audience = Audience.OTHERS if frame.visibility == "public" else audience
        header = Header(
            kind=Kind.EPHEMERAL,
            audience=audience,
            conversation=asked.conversation_id,
            seq=0,
            node=self._resources.node,
            conn=NO_CONN,
            slot=0,
            ts_ms=0,
            author=author_key(principal.user_id),
        )
        packed = header.pack() + encode_raw(frame.event, data)
        self._resources.forwarder.publish(topics.fan(asked.conversation_id), packed)

    async def _command(self, asked: effects.Command) -> None:
        request = ActRequest(
            self._principal, asked.conversation_id, self._peer.conn, asked.event, asked.data
        )
        try:
            reply = await self._resources.rpc.act(request)
        except ChorusError as error:
            self._refuse(error.code, asked.id, asked.ref, asked.conversation_id)
            return
        for place, frame in enumerate(reply.frames):
            ref = asked.ref if place == 0 else None
            self._resources.hub.answer(self._connection, frame.encode(), ref, asked.conversation_id)
        if asked.event == "inbox.open" and reply.frames and _is_snapshot(reply.frames[0]):
            self._resources.inboxes.opened(
                self._connection, asked.data, reply.frames[0].encode(), monotonic()
            )

    async def _catch_up(self, asked: effects.CatchUp) -> None:
        member = self._connection.members.get(asked.conversation_id)
        if member is None:
            self._refuse(NackCode.NOT_FOUND, None, asked.ref, asked.conversation_id)
            return
        try:
            await self._resources.repairer.catch_up(member, asked.seq, asked.epoch, asked.ref)
        except ChorusError as error:
            self._refuse(error.code, None, asked.ref, asked.conversation_id)

    async def _follow(self, asked: effects.Follow) -> None:
        hub = self._resources.hub
        members = {item.conv: hub.join(self._connection, item.conv) for item in asked.items}
        items = [
            AccessItem(
                item.conv, ResumePoint(item.epoch, item.last_seq or 0) if item.epoch else None
            )
            for item in asked.items
        ]
        try:
            reply = await self._access(items)
        except ChorusError as error:
            self._unfollow(list(members))
            self._refuse(error.code, None, asked.ref, None)
            return
        self._unfollow(reply.refused)
        self._peer.followed = len(self._connection.members)
        frame = encode_raw("subscribed", _subscribed(reply), ref=asked.ref)
        self._connection.send(Packet(frame))
        self._resources.announcer.came(self._connection)
        for state in reply.conversations:
            try:
                await self._replay(members[state.conversation_id], state)
            except NotFound:
                # Erased while it was replayed.
                self._unfollow([state.conversation_id])
            except ChorusError as error:
                await self.run(self._peer.rejected(error.close))
                return

    async def _replay(self, member: Member, state: ConversationState) -> None:
        await self._resources.repairer.enter(member, state, self._principal.tenant_id)
        if self._connection.closed:
            return
        others = [mark.user_id for mark in state.receipts]
        self._resources.announcer.show(self._connection, state.conversation_id, others)

    def _unfollow(self, conversation_ids: Sequence[UUID]) -> None:
        for conversation_id in conversation_ids:
            self._resources.hub.leave(self._connection, conversation_id)
        self._peer.followed = len(self._connection.members)


def _resume_result(state: ConversationState) -> str:
    if not state.recovered:
        return "unrecoverable"
    return "resumed" if state.resumed else "fresh"


def _is_snapshot(frame: str) -> bool:
    return bool(orjson.loads(frame)["event"] == "inbox.snapshot")


def _subscribed(reply: AccessReply) -> dict[str, object]:
    items = [
        SubscribedItem(
            conv=state.conversation_id,
            head_seq=state.head_seq,
            epoch=state.epoch,
            recovered=state.recovered,
            floor=FloorState(holder=Floor(state.floor_holder), epoch=state.floor_epoch),
        )
        for state in reply.conversations
    ]
    return {"items": [dump(item) for item in items], "refused": reply.refused}
