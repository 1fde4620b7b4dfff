"""The protocol of one socket as a pure object: frames and facts in, effects out (ADR-0005).

No I/O, no clock, no task. It never raises on client input and answers nothing after a `Close`.
Source: PROTOCOL §1–§3, §5, §7. The shells are `chat_socket.py` (WebSocket) and `sse.py`.
"""

from dataclasses import dataclass, field
from typing import Literal
from uuid import UUID

from chorus.auth import Principal
from chorus.codes import NACK_RULES, CloseCode, NackCode
from chorus.wire import client, server_socket
from chorus.wire.calls import ResumePoint
from chorus.wire.common import MAX_SUBSCRIPTIONS, Inbound
from chorus.wire.envelope import Received, Refused, decode, encode, encode_raw, nack
from gateway import nonce
from gateway.admission import Bucket
from gateway.allowance import Allowance, full_allowance
from gateway.effects import (
    CatchUp,
    Close,
    Command,
    Effect,
    Enter,
    Follow,
    Forward,
    Mark,
    Pulse,
    Send,
    Unfollow,
    Verify,
    Whisper,
)
from gateway.gates import Gates
from gateway.phase import Phase
from gateway.rules import ABUSE_PER_MINUTE, BY_ITSELF, EXPIRY_NOTICE_S, UNEXPLAINED, Rules, may_say

_VISITOR_COMMANDS = frozenset({"edit", "delete", "escalate", "cancel", "rate"})


@dataclass(slots=True)
class Peer:
    """One socket. Times are monotonic seconds (`at_s`) or Unix seconds (`unix_s`)."""

    rules: Rules
    conn: str
    kind: Literal["chat", "inbox"]
    conversation_id: UUID | None
    opened_s: float
    token: str | None = None
    phase: Phase = Phase.AWAIT_AUTH
    principal: Principal | None = None
    session: UUID | None = None
    client_name: str = ""
    resume: ResumePoint | None = None
    heard_s: float = 0.0
    acted_s: float = 0.0
    """When the person behind it last did something; coming here counts, unless it came by itself."""
    idle_s: int = 0
    pinged: bool = False
    pings: int = 0
    noticed: bool = False
    followed: int = 0
    drained: bool = False
    one_way: bool = False
    """An event stream: nothing is ever heard from it, so silence means nothing."""
    unheard: bool = False
    """The same for a socket, for a while. The write watch ends it when its reader is gone."""
    _allowance: Allowance | None = None
    _gates: Gates | None = None
    _abuse: list[float] = field(default_factory=list)
    _named: UUID | None = None
    """The conversation that the frame at hand names: so does its refusal, on the inbox."""

    def __post_init__(self) -> None:
        # Who has just come was heard just now; of a stream nothing else ever is.
        self.heard_s = self.opened_s

    def opened(self, unix_s: float) -> list[Effect]:
        """Greet."""
        return [Send(encode(self.rules.hello(self.conn, unix_s)))]

    def received(self, payload: str, at_s: float, unix_s: float) -> list[Effect]:
        """Take one text frame."""
        if self.phase is Phase.CLOSED:
            return []
        self.heard_s, self.pinged = at_s, False
        got = decode(payload)
        if isinstance(got, Refused):
            return self._bad(got, at_s)
        self._named = self._conv_of(got.conv)
        if isinstance(got.frame, client.Auth):
            return self._auth(got.frame, got.ref, at_s, unix_s)
        if self.phase is not Phase.LIVE:
            return self._close(CloseCode.PROTOCOL, "auth comes first")
        return self._live(got, at_s)

    def received_binary(self) -> list[Effect]:
        """Binary frames are not spoken."""
        return [] if self.phase is Phase.CLOSED else self._close(CloseCode.BINARY, "text only")

    def verified(self, principal: Principal) -> list[Effect]:
        """The token is good: enter, or go on with the new one."""
        if self.phase is Phase.CLOSED:
            return []
        if self.principal is not None:
            return self._refreshed(principal)
        if (self.kind == "inbox") != principal.is_agent and self.kind == "inbox":
            return self._close(CloseCode.FORBIDDEN, "agents only")
        self.principal, self.phase = principal, Phase.ENTERING
        self._allowance = full_allowance(self.rules, is_agent=principal.is_agent, at_s=self.heard_s)
        return [Enter(self.resume)]

    def rejected(self, code: CloseCode) -> list[Effect]:
        """The token, or the access, is not good."""
        return [] if self.phase is Phase.CLOSED else self._close(code, "")

    def entered(self) -> list[Effect]:
        """Access is given; from now on frames are taken."""
        if self.phase is Phase.ENTERING:
            self.phase, self.acted_s = Phase.LIVE, self.heard_s - self.idle_s
        return []

    def refused_later(self, conversation_id: UUID, id: UUID, code: NackCode, at_s: float) -> None:
        """A message got a nack after it was forwarded: hold the ones behind it back."""
        self._held.refuse(conversation_id, id, code, at_s)

    def has_said(self, conversation_id: UUID) -> bool:
        """Whether this socket said anything in that conversation."""
        return self._gates is not None and self._gates.heard(conversation_id)

    def stored(self, conversation_id: UUID, id: UUID, at_s: float) -> None:
        """A message of this socket is stored, whatever was said of it before."""
        self._held.settle(conversation_id, id, at_s)

    def fell_behind(self) -> None:
        """Much waits for its reader, and nobody listens to it until it took that."""
        self.unheard = True

    def took(self, at_s: float) -> None:
        """The reader took what waited for it: as good a sign of life as a frame."""
        self.unheard, self.heard_s, self.pinged = False, at_s, False

    def tick(self, at_s: float, unix_s: float) -> list[Effect]:
        """Time went on: called about once a second."""
        if self.phase is Phase.CLOSED:
            return []
        if self.phase is not Phase.LIVE:
            return self._late(at_s)
        silent_ms = 0.0 if self.one_way or self.unheard else (at_s - self.heard_s) * 1000
        if silent_ms >= self.rules.dead_ms:
            return self._close(CloseCode.NO_PONG, "")
        effects = self._expiry(unix_s)
        if silent_ms >= self.rules.ping_ms and not self.pinged and self.phase is Phase.LIVE:
            self.pinged, self.pings = True, self.pings + 1
            effects.append(Send(encode_raw("ping", {"n": self.pings})))
        return effects

    def _late(self, at_s: float) -> list[Effect]:
        """Who said nothing has not signed in; who did waits for us and needs no new credential."""
        silent = self.phase is Phase.AWAIT_AUTH
        if at_s - (self.opened_s if silent else self.heard_s) < self.rules.auth_ms / 1000:
            return []
        if silent:
            return self._close(CloseCode.AUTH_TIMEOUT, "no auth in time")
        return self._close(CloseCode.DEPENDENCY_DOWN, "entering took too long")

    def end(self, code: CloseCode, reason: str = "") -> list[Effect]:
        """Close from outside: superseded, revoked, too slow, drained."""
        return [] if self.phase is Phase.CLOSED else self._close(code, reason)

    # -- auth

    def _auth(
        self, frame: client.Auth, ref: int | None, at_s: float, unix_s: float
    ) -> list[Effect]:
        if self.phase is Phase.LIVE:
            return self._refresh(frame, ref, at_s)
        if self.phase is not Phase.AWAIT_AUTH:
            return self._close(CloseCode.PROTOCOL, "auth twice")
        if frame.nonce is None or not nonce.fits(
            self.rules.nonce_key, self.conn, frame.nonce, unix_s
        ):
            return self._close(CloseCode.AUTH_TIMEOUT, "stale nonce")
        if frame.session is None or frame.client is None:
            return self._close(CloseCode.BAD_FRAME, "session and client are needed")
        token = frame.token or self.token
        if token is None:
            return self._close(CloseCode.INVALID_TOKEN, "no token")
        self.session, self.client_name, self.token = frame.session, frame.client.name, None
        self.idle_s = frame.client.idle_s
        if frame.resume is not None:
            self.resume = ResumePoint(frame.resume.epoch, frame.resume.last_seq)
        self.phase = Phase.VERIFYING
        return [Verify(token)]

    def _refresh(self, frame: client.Auth, ref: int | None, at_s: float) -> list[Effect]:
        if not frame.token:
            return self._close(CloseCode.INVALID_TOKEN, "")
        return self._too_fast(frame, ref, at_s) or [Verify(frame.token)]

    def _refreshed(self, principal: Principal) -> list[Effect]:
        before = self.principal
        assert before is not None
        if (principal.tenant_id, principal.user_id) != (before.tenant_id, before.user_id):
            return self._close(CloseCode.FORBIDDEN, "another subject")
        self.principal, self.noticed = principal, False
        return [Send(encode_raw("auth.ok", {"token_exp": principal.expires_at}))]

    def _expiry(self, unix_s: float) -> list[Effect]:
        assert self.principal is not None
        left_s = self.principal.expires_at - unix_s
        if left_s * 1000 <= -self.rules.expiry_grace_ms:
            return self._close(CloseCode.EXPIRED, "")
        if left_s > EXPIRY_NOTICE_S or self.noticed:
            return []
        self.noticed = True
        return [Send(encode_raw("auth.expiring", {"in_ms": max(0, int(left_s * 1000))}))]

    # -- frames of a live socket

    def _live(self, got: Received, at_s: float) -> list[Effect]:
        frame = got.frame
        if not isinstance(frame, BY_ITSELF):
            self.acted_s = at_s
        match frame:
            case client.Ping():
                return [Pulse(frame.n)] if self._allowed.signs.take(at_s) else []
            case client.Pong() | client.Active():
                return []
            case (
                client.AgentStatus()
                | client.OfferAccept()
                | client.OfferDecline()
                | client.InboxOpen()
            ):
                return self._command(frame, None, got.ref, at_s)
            case client.Subscribe() | client.Unsubscribe():
                return self._subscription(frame, got.ref, at_s)
        conversation_id = self._target(got.conv)
        if conversation_id is None:
            return self._nack(
                NackCode.INVALID, got.ref, frame, at_s, reason="`conv` is needed here."
            )
        return self._in_conversation(frame, conversation_id, got.ref, at_s)

    def _in_conversation(
        self, frame: Inbound, conversation_id: UUID, ref: int | None, at_s: float
    ) -> list[Effect]:
        match frame:
            case client.Message():
                return self._message(frame, conversation_id, ref, at_s)
            case client.Receipt():
                return [Mark(conversation_id, frame)] if self._allowed.signs.take(at_s) else []
            case client.Position():
                caught_up = CatchUp(conversation_id, frame.seq, frame.epoch, ref)
                return self._too_fast(frame, ref, at_s) or [caught_up]
            case client.Typing() | client.Viewing():
                return self._whisper(frame, conversation_id, ref, at_s)
            case _:
                return self._command(frame, conversation_id, ref, at_s)

    def _target(self, named: UUID | None) -> UUID | None:
        return self.conversation_id if self.kind == "chat" else named

    def _message(
        self, frame: client.Message, conversation_id: UUID, ref: int | None, at_s: float
    ) -> list[Effect]:
        assert self.principal is not None
        if not may_say(self.principal, frame):
            return self._nack(NackCode.FORBIDDEN, ref, frame, at_s)
        held = self._held.admit(conversation_id, frame.id, at_s)
        if held is not None:
            return self._nack(held, ref, frame, at_s, retry_after_ms=500)
        bucket = self._allowed.messages
        if not bucket.take(at_s):
            self.refused_later(conversation_id, frame.id, NackCode.RATE_LIMITED, at_s)
            return self._limited(bucket, frame, ref, at_s)
        return [Forward(conversation_id, frame, ref)]

    def _command(
        self, frame: Inbound, conversation_id: UUID | None, ref: int | None, at_s: float
    ) -> list[Effect]:
        assert self.principal is not None
        agent_only = frame.event not in _VISITOR_COMMANDS
        if (
            agent_only and not self.principal.is_agent
        ) or "chat:write" not in self.principal.scopes:
            return self._nack(NackCode.FORBIDDEN, ref, frame, at_s)
        if isinstance(frame, (*client.AGENT_COMMANDS, client.InboxOpen)) and self.kind == "chat":
            return self._nack(NackCode.FORBIDDEN, ref, frame, at_s)
        if too_fast := self._too_fast(frame, ref, at_s):
            return too_fast
        data = frame.model_dump(mode="json", exclude_none=True)
        return [Command(conversation_id, frame.event, data, getattr(frame, "id", None), ref)]

    def _subscription(
        self, frame: client.Subscribe | client.Unsubscribe, ref: int | None, at_s: float
    ) -> list[Effect]:
        if self.kind == "chat":
            return self._nack(NackCode.FORBIDDEN, ref, frame, at_s)
        if too_fast := self._too_fast(frame, ref, at_s):
            return too_fast
        if isinstance(frame, client.Unsubscribe):
            return [Unfollow(list(frame.conv))]
        if self.followed + len(frame.items) > MAX_SUBSCRIPTIONS:
            reason = f"At most {MAX_SUBSCRIPTIONS} conversations on one socket."
            return self._nack(NackCode.INVALID, ref, frame, at_s, reason=reason)
        return [Follow(list(frame.items), ref)]

    def _whisper(
        self,
        frame: client.Typing | client.Viewing,
        conversation_id: UUID,
        ref: int | None,
        at_s: float,
    ) -> list[Effect]:
        assert self.principal is not None
        private = isinstance(frame, client.Viewing) or frame.visibility != "public"
        if private and not self.principal.is_agent:
            return self._nack(NackCode.FORBIDDEN, ref, frame, at_s)
        allowed = (
            self._allowed.commands.take(at_s)
            if isinstance(frame, client.Viewing)
            else self._allowed.may_type(conversation_id, frame.state, at_s)
        )
        return [Whisper(conversation_id, frame)] if allowed else []

    # -- refusals

    @property
    def _held(self) -> Gates:
        if self._gates is None:
            self._gates = Gates()
        return self._gates

    @property
    def _allowed(self) -> Allowance:
        assert self._allowance is not None
        return self._allowance

    def _too_fast(self, frame: Inbound, ref: int | None, at_s: float) -> list[Effect]:
        """Draw on the commands; the refusal when there is nothing left."""
        bucket = self._allowed.commands
        return [] if bucket.take(at_s) else self._limited(bucket, frame, ref, at_s)

    def _limited(
        self, bucket: Bucket, frame: Inbound, ref: int | None, at_s: float
    ) -> list[Effect]:
        wait_ms = int(bucket.wait_s() * 1000) + 1
        return self._nack(NackCode.RATE_LIMITED, ref, frame, at_s, retry_after_ms=wait_ms)

    def _bad(self, got: Refused, at_s: float) -> list[Effect]:
        if self.phase is not Phase.LIVE:
            return self._close(CloseCode.BAD_FRAME, got.code)
        data = nack(got.code, id=got.id, reason=got.reason)
        return self._refuse(got.code, data, got.ref, self._conv_of(got.conv), at_s)

    def _nack(
        self,
        code: NackCode,
        ref: int | None,
        frame: Inbound,
        at_s: float,
        *,
        reason: str | None = None,
        retry_after_ms: int | None = None,
    ) -> list[Effect]:
        data = nack(
            code, id=getattr(frame, "id", None), reason=reason, retry_after_ms=retry_after_ms
        )
        return self._refuse(code, data, ref, self._named, at_s)

    def _refuse(
        self,
        code: NackCode,
        data: dict[str, object],
        ref: int | None,
        conv: UUID | None,
        at_s: float,
    ) -> list[Effect]:
        answer: list[Effect] = [Send(encode_raw("nack", data, ref=ref, conv=conv))]
        if NACK_RULES[code].counts_as_abuse:
            self._abuse = [then for then in self._abuse if at_s - then < 60] + [at_s]
        if len(self._abuse) > ABUSE_PER_MINUTE:
            return answer + self._close(CloseCode.RATE_ABUSE, "too many refused frames")
        return answer

    def _conv_of(self, named: UUID | None) -> UUID | None:
        return named if self.kind == "inbox" else None

    def _close(self, code: CloseCode, reason: str) -> list[Effect]:
        self.phase = Phase.CLOSED
        closing: list[Effect] = [Close(code, reason)]
        if code in UNEXPLAINED or not code >= CloseCode.PROTOCOL:
            return closing
        fatal = code < CloseCode.OVERLOADED
        return [Send(encode(server_socket.ErrorFrame(code=code.name, fatal=fatal))), *closing]
