"""External token issuers by configuration: Keycloak, any OIDC provider, a tenant's own backend.

Keys are fetched from the configured URL only: no redirects, 5 s, 1 MiB (S2, I9 of the threat model).
"""

import asyncio
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Annotated, Final, Literal
from uuid import UUID

import httpx
import orjson
from jwt import PyJWK
from pydantic import BaseModel, ConfigDict, Field, TypeAdapter, ValidationError

from chorus.auth import OWN_ISSUER, Claims, Issuer, own_issuer, parse_jwks
from chorus.log import get_logger
from chorus.settings import BadSettings

log = get_logger(__name__)
TIMEOUT_S: Final = 5.0
MAX_JWKS_BYTES: Final = 1_048_576
CACHE_S: Final = 300.0
REFETCH_S: Final = 30.0
STALE_S: Final = 3600.0


class ClaimNames(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")
    tenant: str = "tid"
    role: str = "role"
    user: str = "sub"


class IssuerSettings(BaseModel):
    """One entry of `CHORUS_ISSUERS`."""

    model_config = ConfigDict(frozen=True, extra="forbid")
    name: Annotated[str, Field(min_length=1)]
    jwks_url: Annotated[str, Field(pattern=r"^https?://[^@\s]+$")]
    audiences: list[Literal["chorus-visitor", "chorus-agent", "chorus-server"]]
    claims: ClaimNames = ClaimNames()
    tenant_id: UUID | None = None


_LIST = TypeAdapter(list[IssuerSettings])


class RemoteKeys:
    """Keys of an external issuer. Fetched every 5 min, and for an unknown kid at most every 30 s.

    While they cannot be fetched, those of the last hour hold.
    """

    def __init__(
        self, client: httpx.AsyncClient, url: str, *, now: Callable[[], float] = time.monotonic
    ) -> None:
        self._client = client
        self._url = url
        self._now = now
        self._keys: dict[str, PyJWK] = {}
        self._asked_at_s = self._read_at_s = float("-inf")
        self._asking = asyncio.Lock()

    async def key(self, kid: str) -> PyJWK | None:
        if self._due(kid):
            # Who comes meanwhile waits for the same answer.
            async with self._asking:
                if self._due(kid):
                    await self._refresh()
        return self._keys.get(kid)

    def _due(self, kid: str) -> bool:
        age_s = self._now() - self._asked_at_s
        return age_s >= (CACHE_S if kid in self._keys else REFETCH_S)

    async def _refresh(self) -> None:
        try:
            self._keys = parse_jwks(orjson.loads(await self._fetch()))
            self._read_at_s = self._now()
        except (httpx.HTTPError, httpx.InvalidURL, ValueError, TimeoutError) as error:
            log.warning("issuer_keys_unreadable", url=self._url, error=type(error).__name__)
            if self._now() - self._read_at_s >= STALE_S:
                self._keys = {}
        self._asked_at_s = self._now()

    async def _fetch(self) -> bytes:
        body = bytearray()
        plain = {"accept-encoding": "identity"}
        async with (
            asyncio.timeout(TIMEOUT_S),
            self._client.stream("GET", self._url, headers=plain) as response,
        ):
            if response.status_code != httpx.codes.OK:
                raise ValueError("no key set there")
            async for part in response.aiter_raw():
                body += part
                if len(body) > MAX_JWKS_BYTES:
                    raise ValueError("this key set is too large")
        return bytes(body)


@asynccontextmanager
async def configured_issuers(keys_dir: Path, configured: str) -> AsyncIterator[dict[str, Issuer]]:
    """Our own issuer and the configured ones, by name.

    Raises:
        BadSettings: the JSON does not fit, or a name is taken.
    """
    entries = parse_issuers(configured)
    async with httpx.AsyncClient(
        timeout=TIMEOUT_S, follow_redirects=False, trust_env=False
    ) as client:
        external = {entry.name: _issuer(entry, client) for entry in entries}
        yield {OWN_ISSUER: own_issuer(keys_dir), **external}


def parse_issuers(configured: str) -> list[IssuerSettings]:
    """Read `CHORUS_ISSUERS`. Raises BadSettings, as `configured_issuers` does."""
    try:
        entries = _LIST.validate_json(configured)
    except ValidationError as error:
        first = error.errors(include_input=False, include_url=False)[0]
        place = ".".join(map(str, first["loc"])) or "the list"
        raise BadSettings(f"CHORUS_ISSUERS: {place}: {first['msg']}") from error
    names = [OWN_ISSUER, *(entry.name for entry in entries)]
    if len(set(names)) < len(names):
        raise BadSettings(f"CHORUS_ISSUERS: a name stands twice, or is our own, {OWN_ISSUER!r}")
    return entries


def _issuer(entry: IssuerSettings, client: httpx.AsyncClient) -> Issuer:
    claims = Claims(entry.claims.tenant, entry.claims.role, entry.claims.user)
    audiences: frozenset[str] = frozenset(entry.audiences)
    return Issuer(
        entry.name, RemoteKeys(client, entry.jwks_url), audiences, claims, entry.tenant_id
    )
