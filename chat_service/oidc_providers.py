"""Identity providers by configuration (`CHORUS_OIDC`): who may say who an agent is.

Each speaks for one tenant: what one says about an address can never open another's door.
"""

import ipaddress
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any, Final, Literal
from urllib.parse import urlsplit

from pydantic import BaseModel, ConfigDict, Field, TypeAdapter, ValidationError

from chorus.settings import BadSettings

VARIABLE: Final = "CHORUS_OIDC"
SECRETS_VARIABLE: Final = "CHORUS_OIDC_SECRETS"


class NewAgents(BaseModel):
    """Who becomes an agent by signing in for the first time."""

    model_config = ConfigDict(frozen=True, extra="forbid")
    domains: Annotated[
        tuple[Annotated[str, Field(pattern=r"^[a-z0-9.-]+\.[a-z0-9-]+$")], ...],
        Field(min_length=1),
    ]
    role: Literal["agent", "supervisor"] = "agent"


class ProviderSettings(BaseModel):
    """One entry of `CHORUS_OIDC`."""

    model_config = ConfigDict(frozen=True, extra="forbid")
    name: Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9-]{0,31}$")]
    """Part of the address that the provider sends people back to."""
    label: Annotated[str, Field(min_length=1, max_length=40)]
    """What the button says."""
    tenant: Annotated[str, Field(min_length=1)]
    """The slug of the tenant whose agents it knows."""
    issuer: Annotated[str, Field(pattern=r"^https?://[^@\s?#]+$")]
    client_id: Annotated[str, Field(min_length=1)]
    client_secret_file: Path | None = None
    ca_file: Path | None = None
    """Certificates that this provider's may descend from, besides the usual ones."""
    scopes: tuple[str, ...] = ("openid", "email", "profile")
    verified_by: str | None = "email_verified"
    """The claim that must be true for an address to be believed; null believes every address."""
    claims: dict[str, str] = {}
    """What an ID token must say besides, like `{"hd": "acme.example"}`."""
    new_agents: NewAgents | None = None


_LIST: Final = TypeAdapter(list[ProviderSettings])
_SECRETS: Final = TypeAdapter(dict[str, str])


class Provider:
    """A configured provider and the secret that it knows us by."""

    def __init__(self, settings: ProviderSettings, secret: str | None) -> None:
        self.settings = settings
        self._secret = secret

    def client_secret(self) -> str | None:
        """The file as it is now, so that a secret rotates without a restart; None for a public client.

        Raises:
            OSError: the file cannot be read.
        """
        file = self.settings.client_secret_file
        return self._secret if file is None else file.read_text().strip()


def parse_providers(
    configured: str, secrets: str, *, base_url: str, dev: bool
) -> tuple[Provider, ...]:
    """Read the settings of sign-in by OpenID Connect.

    Raises:
        BadSettings: they do not fit; says which and why, not what they hold.
    """
    entries = _read(_LIST, configured, VARIABLE)
    known: dict[str, str] = _read(_SECRETS, secrets, SECRETS_VARIABLE)
    names = [one.name for one in entries]
    if len(set(names)) < len(names):
        raise BadSettings(f"{VARIABLE}: a name stands twice")
    if not set(known) <= set(names):
        raise BadSettings(f"{SECRETS_VARIABLE}: only providers of {VARIABLE} have a secret")
    for one in entries:
        _check(one, known, dev=dev)
    if entries and not dev and not base_url:
        raise BadSettings(f"{VARIABLE}: providers send people back to CHORUS_BASE_URL, set it too")
    if entries and base_url and not reachable_safely(base_url, dev=True):
        raise BadSettings("CHORUS_BASE_URL: sign-in by a provider needs https")
    return tuple(Provider(one, known.get(one.name)) for one in entries)


def reachable_safely(url: str, *, dev: bool) -> bool:
    """Over TLS, or plainly to this very machine where somebody develops."""
    scheme, host = urlsplit(url).scheme, urlsplit(url).hostname or ""
    return bool(host) and (scheme == "https" or (dev and scheme == "http" and _is_here(host)))


def _is_here(host: str) -> bool:
    try:
        return host == "localhost" or ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def _check(one: ProviderSettings, secrets: Mapping[str, str], *, dev: bool) -> None:
    where = f"{VARIABLE}: {one.name}"
    if not reachable_safely(one.issuer, dev=dev):
        raise BadSettings(f"{where}: the issuer needs https")
    if "openid" not in one.scopes:
        raise BadSettings(f"{where}: the scopes need openid")
    if one.client_secret_file is not None and one.name in secrets:
        raise BadSettings(f"{where}: the secret stands in a file and in {SECRETS_VARIABLE}")
    for file in (one.client_secret_file, one.ca_file):
        if file is not None and not file.is_file():
            raise BadSettings(f"{where}: {file} cannot be read")


def _read(kind: TypeAdapter[Any], configured: str, variable: str) -> Any:
    try:
        return kind.validate_json(configured)
    except ValidationError as error:
        first = error.errors(include_input=False, include_url=False)[0]
        place = ".".join(map(str, first["loc"])) or "the value"
        raise BadSettings(f"{variable}: {place}: {first['msg']}") from error
