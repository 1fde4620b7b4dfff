"""External token issuers by configuration: Keycloak, any OIDC provider, a tenant's own backend.

Keys are fetched from the configured URL only: no redirects, 5 s, 1 MiB (S2, I9 of the threat model).
"""

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Annotated, Literal
from uuid import UUID

import httpx
from pydantic import BaseModel, ConfigDict, Field, TypeAdapter, ValidationError

from chorus.auth import OWN_ISSUER, Claims, Issuer, RemoteKeys, own_issuer
from chorus.errors import Unauthenticated
from chorus.settings import BadSettings

TIMEOUT_S = 5.0
MAX_JWKS_BYTES = 1_048_576


class ClaimNames(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")
    tenant: str = "tid"
    role: str = "role"
    user: str = "sub"


class IssuerSettings(BaseModel):
    """One entry of `CHORUS_ISSUERS`."""

    model_config = ConfigDict(frozen=True, extra="forbid")
    name: str
    jwks_url: Annotated[str, Field(pattern=r"^https?://[^@\s]+$")]
    audiences: list[Literal["chorus-visitor", "chorus-agent", "chorus-server"]]
    claims: ClaimNames = ClaimNames()
    tenant_id: UUID | None = None


_LIST = TypeAdapter(list[IssuerSettings])


@asynccontextmanager
async def configured_issuers(keys_dir: Path, configured: str) -> AsyncIterator[dict[str, Issuer]]:
    """Our own issuer and the configured ones, by name.

    Raises:
        BadSettings: the JSON does not fit, or one takes the name of our own.
    """
    entries = _parse(configured)
    async with httpx.AsyncClient(
        timeout=TIMEOUT_S, follow_redirects=False, trust_env=False
    ) as client:
        external = {
            entry.name: _issuer(entry, _fetcher(client, entry.jwks_url)) for entry in entries
        }
        yield {OWN_ISSUER: own_issuer(keys_dir), **external}


def _parse(configured: str) -> list[IssuerSettings]:
    try:
        entries = _LIST.validate_json(configured)
    except ValidationError as error:
        first = error.errors(include_input=False, include_url=False)[0]
        raise BadSettings(f"CHORUS_ISSUERS: {first['loc']}: {first['msg']}") from error
    if any(entry.name == OWN_ISSUER for entry in entries):
        raise BadSettings(f"CHORUS_ISSUERS: the name {OWN_ISSUER!r} is our own")
    return entries


def _issuer(entry: IssuerSettings, fetch: Callable[[], Awaitable[bytes]]) -> Issuer:
    claims = Claims(entry.claims.tenant, entry.claims.role, entry.claims.user)
    audiences: frozenset[str] = frozenset(entry.audiences)
    return Issuer(entry.name, RemoteKeys(fetch), audiences, claims, entry.tenant_id)


def _fetcher(client: httpx.AsyncClient, url: str) -> Callable[[], Awaitable[bytes]]:
    async def fetch() -> bytes:
        try:
            response = await client.get(url)
            response.raise_for_status()
        except httpx.HTTPError as error:
            raise Unauthenticated("The keys of this issuer cannot be read now.") from error
        if len(response.content) > MAX_JWKS_BYTES:
            raise Unauthenticated("The keys of this issuer are too large.")
        return response.content

    return fetch
