"""How often somebody may ask: per tenant, per address, and per e-mail address that signs in."""

from dataclasses import dataclass
from time import monotonic
from typing import Final
from uuid import UUID

from chat_service.settings import ApiSettings
from chorus.errors import RateLimited
from chorus.web import Allowance, RateLimit, address_key, is_loopback

LOGIN_WINDOW_S: Final = 15 * 60
HOUR_S: Final = 3600


@dataclass(frozen=True, slots=True)
class Caller:
    """Where a request comes from."""

    address: str

    @property
    def key(self) -> str:
        return address_key(self.address)


class Limits:
    """Token buckets of this process. Loopback has no limits per address unless a setting says so."""

    def __init__(self, settings: ApiSettings) -> None:
        self._loopback_too = settings.limit_loopback
        self._tenants = RateLimit(settings.tenant_requests_per_s, settings.tenant_requests_burst)
        self._visitors = RateLimit(settings.visitors_per_h / HOUR_S, settings.visitors_per_h)
        self._subjects = RateLimit(
            settings.logins_per_subject / LOGIN_WINDOW_S, settings.logins_per_subject
        )
        self._addresses = RateLimit(
            settings.logins_per_address / LOGIN_WINDOW_S, settings.logins_per_address
        )

    def tenant(self, tenant_id: UUID) -> Allowance:
        return self._tenants.take(str(tenant_id), monotonic())

    def visitor(self, caller: Caller) -> None:
        """Count a new visitor session or conversation. Raises RateLimited."""
        self._by_address(self._visitors, caller, caller.key)

    def login(self, caller: Caller, email: str) -> None:
        """Count an attempt to sign in, right or wrong. Raises RateLimited."""
        self._by_address(self._addresses, caller, caller.key)
        self._by_address(self._subjects, caller, email.strip().lower())

    def _by_address(self, limit: RateLimit, caller: Caller, key: str) -> None:
        if is_loopback(caller.address) and not self._loopback_too:
            return
        allowance = limit.take(key, monotonic())
        if not allowance.granted:
            raise RateLimited(retry_after_ms=allowance.reset_s * 1000)
