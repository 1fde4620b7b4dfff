"""How often somebody may ask: per tenant, per person, per address, and per e-mail address that signs in."""

from collections import OrderedDict
from dataclasses import dataclass, field
from math import ceil
from time import monotonic
from typing import Final, Literal

from chat_service.settings import ApiSettings
from chat_service.shared_buckets import SharedBuckets
from chorus.auth import Principal
from chorus.errors import RateLimited
from chorus.web import address_key, is_loopback

LOGIN_WINDOW_S: Final = 15 * 60
SIGN_INS_PER_WINDOW: Final = 300
"""Of one address at identity providers: an office begins its day. There is nothing to guess here."""
SIGN_INS_PER_S: Final = 20
SIGN_INS_BURST: Final = 200
"""Of all: each is remembered in Redis for ten minutes."""
HOUR_S: Final = 3600
PEOPLE_OF_AN_ADDRESS: Final = 5
"""The visitors of one address attach as many files as so many people may."""
Meter = Literal["message", "command", "upload"]
"""What a request counts as besides being one."""


@dataclass(frozen=True, slots=True)
class Caller:
    """Where a request comes from."""

    address: str

    @property
    def key(self) -> str:
        return address_key(self.address)


@dataclass(frozen=True, slots=True)
class Allowance:
    """What a limit said about one request."""

    granted: bool
    limit: int
    remaining: int
    reset_s: int
    """Until the next request is granted, or until the bucket is full again."""

    @property
    def headers(self) -> dict[str, str]:
        named = {
            "RateLimit-Limit": str(self.limit),
            "RateLimit-Remaining": str(self.remaining),
            "RateLimit-Reset": str(self.reset_s),
        }
        return named if self.granted else {**named, "Retry-After": str(max(1, self.reset_s))}


@dataclass(slots=True)
class RateLimit:
    """Token buckets by key, `per_s` each, full at first. The caller says what time it is.

    Bounded: the key that was quiet longest is forgotten first, which only ever lets it do more.
    """

    per_s: float
    burst: int
    keys_max: int = 50_000
    _buckets: OrderedDict[str, tuple[float, float]] = field(default_factory=OrderedDict)

    def take(self, key: str, now_s: float) -> Allowance:
        tokens, at_s = self._buckets.pop(key, (float(self.burst), now_s))
        tokens = min(float(self.burst), tokens + (now_s - at_s) * self.per_s)
        granted = tokens >= 1.0
        tokens -= 1.0 if granted else 0.0
        self._buckets[key] = (tokens, now_s)
        if len(self._buckets) > self.keys_max:
            self._buckets.popitem(last=False)
        return self.allowance(granted, tokens)

    def allowance(self, granted: bool, left: float) -> Allowance:
        """What to say of a bucket of this size with `left` tokens."""
        missing = self.burst - left if granted else 1.0 - left
        return Allowance(granted, self.burst, int(left), ceil(missing / self.per_s))


def _let_through(allowance: Allowance) -> None:
    if not allowance.granted:
        raise RateLimited(retry_after_ms=allowance.reset_s * 1000)


class Limits:
    """Token buckets: of new visitors and sign-ins for the installation, of all else for this process.

    Loopback has no limits per address unless a setting says so.
    """

    def __init__(self, settings: ApiSettings, shared: SharedBuckets) -> None:
        self._shared = shared
        self._loopback_too = settings.limit_loopback
        self._tenants = RateLimit(settings.tenant_requests_per_s, settings.tenant_requests_burst)
        self._asking = RateLimit(settings.visitor_requests_per_s, settings.visitor_requests_burst)
        self._customers = RateLimit(
            settings.customer_messages_per_s, settings.customer_messages_burst
        )
        self._agents = RateLimit(settings.agent_messages_per_s, settings.agent_messages_burst)
        self._commands = RateLimit(settings.commands_per_s, settings.commands_burst)
        self._uploads = RateLimit(settings.uploads_per_h / HOUR_S, settings.uploads_burst)
        self._uploads_from = RateLimit(
            PEOPLE_OF_AN_ADDRESS * settings.uploads_per_h / HOUR_S,
            PEOPLE_OF_AN_ADDRESS * settings.uploads_burst,
        )
        self._visitors = RateLimit(settings.visitors_per_h / HOUR_S, settings.visitors_per_h)
        self._subjects = RateLimit(
            settings.logins_per_subject / LOGIN_WINDOW_S, settings.logins_per_subject
        )
        self._addresses = RateLimit(
            settings.logins_per_address / LOGIN_WINDOW_S, settings.logins_per_address
        )
        self._sign_ins = RateLimit(SIGN_INS_PER_WINDOW / LOGIN_WINDOW_S, SIGN_INS_PER_WINDOW)
        self._all_sign_ins = RateLimit(SIGN_INS_PER_S, SIGN_INS_BURST)

    def request(self, who: Principal, meter: Meter | None) -> Allowance:
        """Count a request: the person's own buckets first, and the tenant's only when those grant it.

        Answers the first that refuses, else the one with the fewest requests left.
        """
        now_s, person = monotonic(), f"{who.tenant_id}/{who.user_id}"
        keyed = [(limit, person) for limit in self._of_person(who, meter)]
        taken: list[Allowance] = []
        for limit, key in [*keyed, (self._tenants, str(who.tenant_id))]:
            taken.append(limit.take(key, now_s))
            if not taken[-1].granted:
                return taken[-1]
        return min(taken, key=lambda one: one.remaining)

    def _of_person(self, who: Principal, meter: Meter | None) -> list[RateLimit]:
        limits = []
        if meter == "message":
            limits.append(self._agents if who.is_agent else self._customers)
        elif meter == "command":
            limits.append(self._commands)
        elif meter == "upload":
            limits.append(self._uploads)
        if who.role == "visitor":
            limits.append(self._asking)
        return limits

    async def visitor(self, caller: Caller) -> None:
        """Count a new visitor session or conversation. Raises RateLimited."""
        await self._of_all("visitors", self._visitors, caller, caller.key)

    def upload(self, caller: Caller, who: Principal) -> str:
        """Count a file of a visitor; answers the address that counts, if any does. Raises RateLimited."""
        if who.is_agent or self._is_spared(caller):
            return ""
        _let_through(self._uploads_from.take(caller.key, monotonic()))
        return caller.key

    async def login(self, caller: Caller, email: str) -> None:
        """Count an attempt to sign in, right or wrong. Raises RateLimited."""
        await self._of_all("logins_of_address", self._addresses, caller, caller.key)
        await self._of_all("logins", self._subjects, caller, email.strip().lower())

    async def sign_in(self, caller: Caller) -> None:
        """Count somebody who goes to an identity provider. Raises RateLimited."""
        await self._of_all("sign_ins", self._sign_ins, caller, caller.key)
        allowance = self._all_sign_ins.take("", monotonic())
        _let_through(allowance)

    async def _of_all(self, name: str, limit: RateLimit, caller: Caller, key: str) -> None:
        if self._is_spared(caller):
            return
        taken = await self._shared.take(name, key, per_s=limit.per_s, burst=limit.burst)
        if taken is not None and not taken.granted:
            _let_through(limit.allowance(taken.granted, taken.left))
            return
        # Ours knows what we let through, for when Redis does not answer; till then its word is not asked.
        own = limit.take(key, monotonic())
        if taken is None:
            _let_through(own)

    def _is_spared(self, caller: Caller) -> bool:
        return is_loopback(caller.address) and not self._loopback_too
